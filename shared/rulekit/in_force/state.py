"""Which rules a reader has in force, and what is wrong with those it should have."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from shared.rulekit.faults import RuleFault
from shared.rulekit.in_force.pin import Pin

Origin = Literal["folder", "pin", "archive"]


@dataclass(frozen=True, slots=True)
class RulesState:
    """What a reader has in force; `version` and `origin` are None while there never was a sound set.

    `origin` is `archive` where the files were faulty from the start and the newest kept set stands in for them.
    `stale_seconds` counts from when the set in force was last seen to be the one that is wanted; `faults` says why it
    no longer is.
    """

    version: str | None
    origin: Origin | None
    pin: Pin | None
    stale_seconds: float
    faults: tuple[RuleFault, ...]


class RuleWatcher(Protocol):
    """Is told what a reader of rules does; must not raise."""

    def reloaded(self, old: str | None, new: str, origin: Origin, seconds: float) -> None:
        """Note that another set is in force; reading and trying it took `seconds`."""
        ...

    def refused(self, faults: Sequence[RuleFault], in_force: str | None) -> None:
        """Note that what should be in force cannot be; told once for the same faults."""
        ...

    def not_kept(self, version: str, why: str) -> None:
        """Note that a set in force could not be put into the archive."""
        ...


class Unwatched:
    """Tells nobody."""

    def reloaded(self, old: str | None, new: str, origin: Origin, seconds: float) -> None:
        """Tell nobody."""

    def refused(self, faults: Sequence[RuleFault], in_force: str | None) -> None:
        """Tell nobody."""

    def not_kept(self, version: str, why: str) -> None:
        """Tell nobody."""
