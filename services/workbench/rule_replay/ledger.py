"""A ledger in memory: live contacts, outcomes and the operator's counters as a replay makes them come about.

What the rules under trial permit is in it; of that, what was permitted at the time too is released, confirmed or
lapses as recorded, and the rest is taken to have been made as planned.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from services.governance.application.circumstances import buckets_of
from services.governance.application.record import RecordedOutcome, RecordedOverrun, RecordedPermit
from services.governance.domain.checks import Bucket
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark, Situation
from services.governance.domain.instants import DAY
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms

_SWEPT_EVERY = 50_000  # contacts added, after which those no limit can count any more are dropped
_LATEST = 10 * DAY  # a contact may be asked for so long after it was planned, and is then refused

_RELEASED = -1  # comes before every moment: what was released and then took place all the same took place

_State = Literal["reserved", "lapsed", "released", "confirmed"]
_LIVE: tuple[_State, ...] = ("reserved", "confirmed")


@dataclass(slots=True)
class _Entry:
    contact: Contact
    buckets: Sequence[Bucket]
    state: _State
    contacted_at: int | None = None

    @property
    def last_at(self) -> int:
        return self.contact.at if self.contacted_at is None else max(self.contact.at, self.contacted_at)


@dataclass(slots=True)
class ReplayedLedger:
    """What batches of verdicts are judged by, moved on from batch to batch."""

    policies: PolicySet
    terms: Terms
    _entries: dict[str, list[_Entry]] = field(default_factory=lambda: defaultdict(list))
    _by_id: dict[str, _Entry] = field(default_factory=dict)
    _withdrawn: set[str] = field(default_factory=set)
    _outcomes: dict[str, list[OutcomeMark]] = field(default_factory=lambda: defaultdict(list))
    _used: Counter[Bucket] = field(default_factory=Counter)
    _noted: list[tuple[int, str, int]] = field(default_factory=list)
    """(after which batch, contact, moment it took place or `_RELEASED`), the next one first."""
    _lapses: list[tuple[int, str]] = field(default_factory=list)
    _added: int = 0

    def advance(self, number: int, now: int) -> None:
        """Let happen what was noted before a batch, and let lapse what nobody confirmed until its moment."""
        while self._noted and self._noted[0][0] < number:
            _, contact_id, took_place_at = heapq.heappop(self._noted)
            entry = self._by_id.get(contact_id)
            if entry is None:
                continue
            if took_place_at != _RELEASED:
                entry.contacted_at = took_place_at
                self._move(entry, "confirmed")
            elif entry.state == "reserved":
                self._move(entry, "released")
        while self._lapses and self._lapses[0][0] <= now:
            entry = self._by_id.get(heapq.heappop(self._lapses)[1])
            if entry is not None and entry.state == "reserved":
                self._move(entry, "lapsed")
        if self._added >= _SWEPT_EVERY:
            self._sweep(now)

    def situations(
        self, asked: Iterable[Contact], marks: Sequence[ListMark], now: int, overrides: Sequence[OverrideMark] = ()
    ) -> dict[str, Situation]:
        """Return what policies can see of those asked about."""
        asked = list(asked)
        near = [one.at for one in asked if abs(one.at - now) < 2 * self.terms.horizon]
        since = min([now, *near])
        lists: dict[str, list[ListMark]] = defaultdict(list)
        for mark in marks if self.policies.lists else ():
            lists[mark.customer_id].append(mark)
        lifting: dict[str, list[OverrideMark]] = defaultdict(list)
        for one in overrides:
            lifting[one.customer_id].append(one)
        named, outcomes_since = self.policies.outcomes, since - self.policies.outcome_reach
        found = {}
        for customer_id in {one.customer_id for one in asked}:
            contacts = list(self._live(customer_id, since - self.policies.reach))
            outcomes = [
                one for one in self._outcomes.get(customer_id, ()) if one.at >= outcomes_since and one.outcome in named
            ]
            on_lists, lifted = lists.get(customer_id, ()), lifting.get(customer_id, ())
            if contacts or outcomes or on_lists:
                found[customer_id] = Situation(contacts, on_lists, outcomes, lifted)
        return found

    def capacity(self, asked: Sequence[Contact], now: int) -> Mapping[Bucket, int]:
        """Return the operator's counters that those asked for fall on."""
        wanted = set(buckets_of(asked, self.policies, self.terms, now))
        return {bucket: self._used[bucket] for bucket in wanted}

    def permit(self, contact: Contact, recorded: RecordedPermit | None, now: int) -> None:
        """Enter a contact that is permitted; `recorded` says what became of it, None: it was not permitted then."""
        entry = self._enter(contact, "reserved" if recorded else "confirmed", now)
        if entry is None or recorded is None:
            return
        heapq.heappush(self._lapses, (recorded.expires_at, contact.contact_id))
        if recorded.released_after is not None:
            heapq.heappush(self._noted, (recorded.released_after, contact.contact_id, _RELEASED))
        if recorded.confirmed_after is not None:
            took_place_at = contact.at if recorded.contacted_at is None else recorded.contacted_at
            heapq.heappush(self._noted, (recorded.confirmed_after, contact.contact_id, took_place_at))

    def withdraw(self, contact_id: str) -> None:
        """Note that a contact permitted at the time is not made: nothing came of it either."""
        self._withdrawn.add(contact_id)

    def outcome(self, noted: RecordedOutcome) -> None:
        """Take in what came of a contact, if it is made at all."""
        if noted.contact_id not in self._withdrawn:
            self._outcomes[noted.mark.customer_id].append(noted.mark)

    def overrun(self, noted: RecordedOverrun, now: int) -> None:
        """Take in a contact that took place although it was not permitted."""
        known = self._by_id.get(noted.contact.contact_id)
        entry = known or self._enter(noted.contact, "confirmed", now)
        if entry is not None:
            entry.contacted_at = noted.contacted_at

    def _enter(self, contact: Contact, state: _State, now: int) -> _Entry | None:
        if contact.contact_id in self._by_id:
            return None
        entry = _Entry(contact, buckets_of([contact], self.policies, self.terms, now), state)
        self._by_id[contact.contact_id] = entry
        self._entries[contact.customer_id].append(entry)
        self._used.update(entry.buckets)
        self._added += 1
        return entry

    def _move(self, entry: _Entry, state: _State) -> None:
        if entry.state in _LIVE and state not in _LIVE:
            self._used.subtract(entry.buckets)
        if entry.state not in _LIVE and state in _LIVE:
            self._used.update(entry.buckets)
        entry.state = state

    def _live(self, customer_id: str, since: int) -> Iterable[Contact]:
        for entry in self._entries.get(customer_id, ()):
            if entry.state in _LIVE and entry.last_at >= since:
                yield entry.contact
                if entry.contacted_at is not None and entry.contacted_at != entry.contact.at:
                    yield entry.contact._replace(at=entry.contacted_at)

    def _sweep(self, now: int) -> None:
        """Drop what lies before everything that any policy looks at: memory does not grow with the record."""
        contacts_since = now - self.policies.reach - _LATEST
        outcomes_since = now - self.policies.outcome_reach - _LATEST
        for customer_id, entries in list(self._entries.items()):
            kept = [entry for entry in entries if entry.last_at >= contacts_since]
            for entry in entries if len(kept) < len(entries) else ():
                if entry.last_at < contacts_since:
                    del self._by_id[entry.contact.contact_id]
            self._entries[customer_id] = kept
            if not kept:
                del self._entries[customer_id]
        for customer_id, marks in list(self._outcomes.items()):
            self._outcomes[customer_id] = [mark for mark in marks if mark.at >= outcomes_since]
            if not self._outcomes[customer_id]:
                del self._outcomes[customer_id]
        self._added = 0
