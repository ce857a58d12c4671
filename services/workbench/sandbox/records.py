"""What a synthetic BOSS tells: subscribers of the generated province, what happens to them, orders BOSS sold itself."""

import random
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

import msgspec

from services.workbench import province
from shared.rulekit.model import RuleBook
from shared.rulekit.vocabulary import Fact

Kind = Literal["customers", "events", "orders"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Record = dict[str, Any]
_TYPES = ("quota_passed", "data_used", "top_up", "call_missed")
_VALUES = {"integer": (0, 150), "money": (1_000, 20_000), "number": (1, 2_000)}


def records(kind: Kind, count: int, seed: int, book: RuleBook, now: datetime, *, first: int = 1) -> Iterator[Record]:
    """Yield `count` records from subscriber `first` on; the same seed (and `now`) yields the same ones."""
    for number in range(first, first + count):
        chance = random.Random(f"{seed}:{kind}:{number}")  # noqa: S311 - synthetic data that can be made again
        match kind:
            case "customers":
                yield msgspec.to_builtins(province.subscriber(seed, number))
            case "events":
                yield _event(chance, number, seed, book, now)
            case "orders":
                yield _order(chance, number, seed, book)


def _event(chance: random.Random, number: int, seed: int, book: RuleBook, now: datetime) -> Record:
    known = [name for name in _TYPES if name in book.events] or sorted(book.events)
    kind = book.events[chance.choice(known)]
    return {
        "event_id": f"sandbox-{seed}-{number}",
        "customer_id": province.customer_id(number),
        "type": kind.name,
        "at": (now - timedelta(seconds=chance.randint(0, 300))).isoformat(),
        "attributes": {fact.name: _value(fact, chance) for fact in kind.attributes.values()},
    }


def _order(chance: random.Random, number: int, seed: int, book: RuleBook) -> Record:
    return {
        "order_id": f"sandbox-{seed}-{number}",
        "customer_id": province.customer_id(number),
        "products": [chance.choice(_values(book.vocabulary["products"].values))],
    }


def _value(fact: Fact, chance: random.Random) -> object:
    match fact.type:
        case "boolean":
            return chance.random() < 0.5  # noqa: PLR2004 - either way
        case "enum":
            return chance.choice(_values(fact.values))
        case "set":
            return [chance.choice(_values(fact.values))]
        case "text":
            return "sandbox"
        case "date":
            return province.AS_OF.isoformat()
    return chance.randint(*_VALUES[fact.type])


def _values(values: Mapping[str, object]) -> Sequence[str]:
    return sorted(values)
