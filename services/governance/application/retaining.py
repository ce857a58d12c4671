"""Retention: what is older than it need be goes, a little at a time, while everything runs."""

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple, Protocol

from services.governance.application.policies import PoliciesInForce
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.refusals import Terms
from services.governance.domain.retention import Cutoff, Retention, cutoff
from shared.contracts.governance import Pruned
from shared.kernel.clock import Clock
from shared.kernel.faults import Unavailable

MOST = 100_000
"""Rows in one call: some seconds of short transactions."""


class PrunedRows(NamedTuple):
    """How many rows went; `is_finished` is False where there may be more."""

    contacts: int
    suppressions: int
    outcomes: int
    batches: int
    is_finished: bool


class Shelf(Protocol):
    """Where old rows are."""

    def prune(self, cutoff: Cutoff, now: int, most: int) -> PrunedRows:
        """Delete about `most` rows; where another process is at it, it is left to that one."""
        ...


class Retaining:
    """Deletes what is old."""

    def __init__(
        self,
        shelf: Shelf,
        policies: PoliciesInForce,
        terms: Terms,
        retention: Retention,
        clock: Clock,
        on_raised: Callable[[timedelta], None],
        *,
        has_timers: bool,
    ) -> None:
        self._shelf, self._policies, self._terms, self._retention = shelf, policies, terms, retention
        self._clock, self._on_raised, self._has_timers = clock, on_raised, has_timers
        self._raised_to = retention.contacts

    def prune(self) -> Pruned:
        """Delete a part of what is old enough; raises Unavailable where no rules can be read: they say what is."""
        policies, fault = self._policies.current()
        if fault is not None:
            raise Unavailable("the contact policies cannot be read, so nobody knows what they look back on")
        now = to_micros(self._clock.now())
        ended = cutoff(self._retention, policies, self._terms, now)
        if now - ended.contacts != self._raised_to:
            self._raised_to = now - ended.contacts
            self._on_raised(timedelta(microseconds=self._raised_to))
        rows = self._shelf.prune(ended, now, MOST)
        return Pruned(before=from_micros(ended.contacts), **rows._asdict())

    def by_the_clock(self) -> None:
        """Delete a part of what is old enough, where this process has timers."""
        if self._has_timers:
            self.prune()
