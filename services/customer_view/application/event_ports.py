"""What triggers need from outside: events, firings and the watch in the store, and the rules engine."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from services.customer_view.application.happenings import Happening
from shared.contracts.customer_view import TriggersFired
from shared.rulekit.facts import Facts
from shared.rulekit.model import RuleBook
from shared.rulekit.windows import Event

Due = tuple[datetime, str]
"""When a subscriber is to be looked at, and who."""


@dataclass(frozen=True, slots=True)
class Firing:
    """A trigger that fired for a subscriber; `counted` is its window."""

    customer_id: str
    trigger_id: str
    trigger_version: str
    counted: int


class Events(Protocol):
    """Events, firings and the watch, in the transaction at hand."""

    def keep(self, happenings: Sequence[Happening]) -> None:
        """Store events; those whose id is there are left as they are."""
        ...

    def of_customers(self, customer_ids: Sequence[str], since: Mapping[str, datetime]) -> Mapping[str, list[Event]]:
        """Return the events of subscribers, of each type named from its instant on; who has none is left out."""
        ...

    def last_firings(self, customer_ids: Sequence[str]) -> Mapping[tuple[str, str], datetime]:
        """Return when each trigger fired last, by subscriber and trigger."""
        ...

    def add_firings(self, firings: Sequence[Firing], *, at: datetime, rule_set: str) -> None:
        """Store what fired."""
        ...

    def watch(self, looks: Mapping[str, datetime | None]) -> None:
        """Note when each subscriber is to be looked at next although no event arrives; None: not at all."""
        ...

    def due(self, until: datetime, after: Due | None, limit: int) -> list[Due]:
        """Return who is to be looked at by an instant, in order of instant and subscriber."""
        ...

    def watch_all(self, triggers: str, *, since: datetime, at: datetime) -> None:
        """Have everybody with events since an instant looked at, if the watch was set by other triggers than these."""
        ...

    def forget(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` events from before an instant; return how many were deleted."""
        ...

    def tell(self, event: TriggersFired, *, key: str) -> None:
        """Put what fired into the outbox."""
        ...


class TriggerEngine(Protocol):
    """The rules engine that decides whether triggers hold."""

    def prepare(self, book: RuleBook) -> None:
        """Make ready to decide the triggers of a book; may take a second, so not within a transaction."""
        ...

    def holding(self, book: RuleBook, subscribers: Sequence[Facts], on: date) -> list[frozenset[str] | None]:
        """Return the ids of the triggers whose condition holds, for each subscriber's facts and window facts.

        None where the engine failed: nothing is known to hold.
        """
        ...
