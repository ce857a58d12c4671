"""How a system misbehaves: shares of requests and orders, drawn by seed, so that the same trouble can be had again."""

import random
from typing import Annotated, Literal, get_args

import msgspec

from shared.kernel.identity import unit_interval

System = Literal["crm", "ismp", "sms"]
SYSTEMS: tuple[System, ...] = get_args(System)
Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Seconds = Annotated[float, msgspec.Meta(ge=0, le=600)]
Failure = Literal["400", "429", "500", "503", "cut", "empty", "html", "malformed", "unknown_status", "wrong_ids"]
FAILURES: tuple[Failure, ...] = get_args(Failure)
_NEVER_CARRIED_OUT = frozenset({"400", "429", "503"})
"""With these a system says that it has done nothing; with all others nobody can know."""


class Behaviour(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What goes wrong at one system; the default is a system without fault."""

    late: Seconds = 0
    """The answer waits so long; the request is carried out at once."""
    late_share: Share = 1
    fail: Share = 0
    """Of requests: answered by one of `failures`, carried out or not."""
    failures: list[Failure] = msgspec.field(default_factory=lambda: list(FAILURES))
    partial: Share = 0
    """Of orders: left out of the answer, carried out or not."""
    refuse: Share = 0
    """Of orders (messages): refused for good, the same ones each time."""
    refuse_cancellations: Share = 0
    """Of cancellations: refused this time."""
    twice: Share = 0
    """Of requests: carried out again later, behind others, as a network that repeats would have it."""
    reorder: Share = 0
    """Of requests: put aside, answered 504 and carried out behind later ones."""
    receipt_after: Seconds = 2
    """Of the SMS gateway: from a message to its delivery receipt."""
    receipt_lost: Share = 0
    receipt_twice: Share = 0
    unreachable: Share = 0
    """Of messages: the receipt says that the handset could not be reached."""
    seed: int = 0

    def refuses(self, system: str, name: str) -> bool:
        """Tell whether a system refuses this order or message, now and ever."""
        return _falls(self.refuse, self.seed, system, "refuse", name)

    def receipt_of(self, name: str) -> tuple[str, int]:
        """Return what a message's receipt says and how often it is told: 0 for one that is lost."""
        outcome = "unreachable" if _falls(self.unreachable, self.seed, "unreachable", name) else "delivered"
        if _falls(self.receipt_lost, self.seed, "receipt_lost", name):
            return outcome, 0
        return outcome, 2 if _falls(self.receipt_twice, self.seed, "receipt_twice", name) else 1


class Draw(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to one request."""

    late: float
    failure: Failure | None
    carries_out: bool
    is_repeated: bool
    is_put_aside: bool
    behind: int
    """After so many later requests comes what is repeated or put aside."""
    left_out: frozenset[str] = frozenset()
    left_undone: frozenset[str] = frozenset()
    refused_cancellations: frozenset[str] = frozenset()

    def told(self) -> str:
        """Say in a few words what went wrong; empty where nothing did."""
        words = [
            f"late {self.late:g} s" if self.late else "",
            "put aside" if self.is_put_aside else "",
            f"failed {self.failure}" if self.failure else "",
            "" if self.carries_out else "not carried out",
            "repeated later" if self.is_repeated else "",
            f"{len(self.left_out)} left out" if self.left_out else "",
            f"{len(self.refused_cancellations)} cancellations refused" if self.refused_cancellations else "",
        ]
        return ", ".join(word for word in words if word)


def draw(behaviour: Behaviour, system: str, number: int, names: list[str]) -> Draw:
    """Return what happens to a system's request `number` about these orders; the same seed draws the same."""
    chance = random.Random(f"{behaviour.seed}:{system}:{number}")  # noqa: S311 - trouble that can be had again, no secret
    is_put_aside = chance.random() < behaviour.reorder
    fails = chance.random() < behaviour.fail and bool(behaviour.failures)
    failure = chance.choice(behaviour.failures) if fails and not is_put_aside else None
    left_out = frozenset(name for name in names if chance.random() < behaviour.partial)
    return Draw(
        late=behaviour.late if behaviour.late and chance.random() < behaviour.late_share else 0,
        failure=failure,
        carries_out=failure is None or (failure not in _NEVER_CARRIED_OUT and chance.random() < 0.5),  # noqa: PLR2004 - either way
        is_repeated=chance.random() < behaviour.twice,
        is_put_aside=is_put_aside,
        behind=chance.randint(1, 3),
        left_out=left_out,
        left_undone=frozenset(name for name in sorted(left_out) if chance.random() < 0.5),  # noqa: PLR2004 - either way
        refused_cancellations=frozenset(name for name in names if chance.random() < behaviour.refuse_cancellations),
    )


def _falls(share: float, seed: int, *parts: str) -> bool:
    return share > 0 and unit_interval(str(seed), *parts) < share
