"""What became of reservations: confirm, release, and the events that say so."""

from collections import Counter
from collections.abc import Callable, Sequence

from services.governance.application.circumstances import buckets_of
from services.governance.application.kept import Issued
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.pseudonyms import issued_as_asked
from services.governance.domain import lifecycle
from services.governance.domain.checks import Bucket
from services.governance.domain.instants import to_micros
from services.governance.domain.lifecycle import LedgerEntry, is_live, state_of
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from shared.contracts.channels import ContactsFailed, ContactsSent
from shared.contracts.governance import ContactState
from shared.kernel.clock import Clock

_LONGEST = 500
_Change = Callable[[str, Issued, int], LedgerEntry | None]
"""From the contact id as asked, the contact as issued, and now."""


class Settling:
    """Moves contacts through the ledger; every move is idempotent."""

    def __init__(self, store: Store, policies: PoliciesInForce, terms: Terms, clock: Clock) -> None:
        self._store, self._policies, self._terms, self._clock = store, policies, terms, clock

    def confirm(self, contact_ids: Sequence[str]) -> list[ContactState]:
        """Note that the contacts took place now; one whose reservation had lapsed counts, and is flagged."""
        return self._settle(contact_ids, lambda _, issued, now: _confirmed(issued, now, now))

    def release(self, contact_ids: Sequence[str], reason: str) -> list[ContactState]:
        """Give places back; what took place stays confirmed."""
        return self._settle(contact_ids, lambda _id, issued, _now: _released(issued, reason))

    def contacts_sent(self, event_id: str, event: ContactsSent) -> None:
        """Confirm what channels says took place, at the moment it did."""
        moments = {sent.contact_id: to_micros(sent.at) for sent in event.contacts}
        self._settle(
            list(moments), lambda contact_id, issued, now: _confirmed(issued, moments[contact_id], now), event_id
        )

    def contacts_failed(self, event_id: str, event: ContactsFailed) -> None:
        """Release what channels says did not take place."""
        reasons = {failed.contact_id: failed.reason for failed in event.contacts}
        self._settle(list(reasons), lambda contact_id, issued, _: _released(issued, reasons[contact_id]), event_id)

    def _settle(self, contact_ids: Sequence[str], change: _Change, event_id: str | None = None) -> list[ContactState]:
        policies, _ = self._policies.current()
        now = to_micros(self._clock.now())
        wanted = list(dict.fromkeys(contact_ids))
        with self._store.read() as unit:  # whose contacts they are never changes, nor does a pseudonym's lane
            known = issued_as_asked(unit, wanted)
        named = [issued.contact for issued in known.values()]
        buckets = frozenset(buckets_of(named, policies, self._terms, now))
        need = Need(policies, now, sorted({one.customer_id for one in named}), buckets)
        with self._store.write(need) as unit:
            if event_id is not None and not unit.first_time(event_id, now):
                return []
            now = max(now, unit.ledger.newest_decision())
            issued = issued_as_asked(unit, list(known))
            moves = _Moves(policies, self._terms, now)
            entries = {
                contact_id: moves.entry_after(one, change(contact_id, one, now)) for contact_id, one in issued.items()
            }
            pruned = moves.apply(unit)
            entries = {name: one for name, one in entries.items() if issued[name].contact.contact_id not in pruned}
        return [_told(contact_id, entries, now) for contact_id in contact_ids]


class _Moves:
    """Gathers what a batch of changes writes."""

    def __init__(self, policies: PolicySet, terms: Terms, now: int) -> None:
        self._policies, self._terms, self._now = policies, terms, now
        self._put: list[LedgerEntry] = []
        self._add: list[LedgerEntry] = []
        self._distrusted: set[Bucket] = set()
        self._freed: Counter[Bucket] = Counter()

    def entry_after(self, issued: Issued, after: LedgerEntry | None) -> LedgerEntry | None:
        """Note a change; return the entry as it stands afterwards."""
        before = issued.entry
        if after is None or after == before:
            return before
        buckets = buckets_of([after.contact], self._policies, self._terms, self._now)
        if before is None:
            self._add.append(after)
        else:
            self._put.append(after)
        had_room = before is not None and is_live(before, self._now)
        if after.state == "confirmed" and not had_room:
            self._distrusted.update(buckets)
        if after.state == "released" and had_room:
            self._freed.update(buckets)
        return after

    def apply(self, unit: Unit) -> frozenset[str]:
        """Write everything; return the contacts that retention deleted since they were read: nobody knows them now."""
        pruned = unit.ledger.put(self._put)
        unit.ledger.add(self._add)
        unit.capacity.give_back(self._freed)
        unit.capacity.distrust(frozenset(self._distrusted))
        return pruned


def _confirmed(issued: Issued, took_place_at: int, now: int) -> LedgerEntry:
    if issued.entry is None:
        return lifecycle.overrun(issued.contact, took_place_at)
    return lifecycle.confirm(issued.entry, took_place_at, now)


def _released(issued: Issued, reason: str) -> LedgerEntry | None:
    note = "".join(letter for letter in reason[:_LONGEST] if letter.isprintable())
    return None if issued.entry is None else lifecycle.release(issued.entry, note)


def _told(contact_id: str, entries: dict[str, LedgerEntry | None], now: int) -> ContactState:
    entry = entries.get(contact_id)
    if entry is not None:
        return ContactState(contact_id=contact_id, state=state_of(entry, now), overrun=entry.is_overrun)
    return ContactState(contact_id=contact_id, state="suppressed" if contact_id in entries else "unknown")
