"""The stream of generated subscribers."""

from collections.abc import Iterator

from services.workbench.province.chance import draws, threshold
from services.workbench.province.crbt import add_crbt
from services.workbench.province.holdings import add_holdings
from services.workbench.province.margins import MISSING
from services.workbench.province.person import AS_OF, Facts, add_person
from services.workbench.province.traits import add_traits
from services.workbench.province.usage import add_usage
from shared.contracts.customer_view import CustomerRecord

__all__ = ["AS_OF", "LABEL", "customer_id", "subscriber", "subscribers"]

LABEL = "合成数据，非真实用户 / synthetic subscribers, not real people"
"""To be shown wherever generated subscribers, or figures made from them, are shown."""

_MISSING = tuple((fact, threshold(share)) for fact, share in MISSING.items())
_NO_VAS_RECORD = threshold(0.02)  # the value-added platform does not know the number: no CRBT facts at all


def customer_id(number: int) -> str:
    """Return the id of generated subscriber `number`, from 1: an account number, never a phone number."""
    return f"FJ{number:08d}"


def subscribers(seed: int, size: int, *, first: int = 1) -> Iterator[CustomerRecord]:
    """Yield subscribers `first` … `first + size - 1` in ascending order of id, made one by one."""
    for number in range(first, first + size):
        yield subscriber(seed, number)


def subscriber(seed: int, number: int) -> CustomerRecord:
    """Return subscriber `number`, which depends on nothing but `seed` and `number`."""
    facts: Facts = {}
    leanings = add_person(facts, seed, number)
    add_usage(facts, seed, number, leanings)
    stage = add_crbt(facts, seed, number, leanings)
    add_traits(facts, seed, number, leanings)
    add_holdings(facts, seed, number, leanings, stage)
    _forget(facts, draws(seed, b"missing", number))
    return CustomerRecord(customer_id=customer_id(number), facts=facts)


def _forget(facts: Facts, draw: tuple[int, ...]) -> None:
    """Take out what the sources do not deliver."""
    for (fact, share), chance in zip(_MISSING, draw, strict=False):
        if chance < share:
            facts.pop(fact, None)
    if draw[31] < _NO_VAS_RECORD:
        for fact in [name for name in facts if name.startswith("crbt_")]:
            del facts[fact]
