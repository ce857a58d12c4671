"""Who must be left alone: lists, and outcomes that say so."""

from collections.abc import Callable, Sequence

from services.governance.application.faults import invalid
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, OutcomeRow, Store, Unit
from services.governance.domain.contacts import OutcomeMark
from services.governance.domain.instants import from_micros, to_micros
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListEntry, ListsChanged
from shared.contracts.wire import CHANNELS, ListName
from shared.kernel.clock import Clock

LISTS_CHANGED = "lists_changed"
_LONGEST = 500


class Listing:
    """Keeps the lists and the outcomes that cooling-off looks at."""

    def __init__(self, store: Store, policies: PoliciesInForce, clock: Clock, new_id: Callable[[], str]) -> None:
        self._store, self._policies, self._clock, self._new_id = store, policies, clock, new_id

    def put(self, list_name: ListName, entries: Sequence[ListEntry]) -> int:
        """Put subscribers on a list and tell `lists_changed`; return how many entries were given.

        The same subscriber, channel and category again replaces the entry. Raises InvalidRequest naming the first
        entry that makes no sense; then none is put.
        """
        for place, entry in enumerate(entries):
            _check(f"entries[{place}]", entry)
        if entries:
            now = to_micros(self._clock.now())
            with self._store.write(self._need(now)) as unit:
                self._put(unit, list_name, entries, now, self._new_id())
        return len(entries)

    def remove(self, list_name: ListName, customer_ids: Sequence[str]) -> int:
        """Take subscribers off a list and tell `lists_changed`; return how many were on it."""
        now = to_micros(self._clock.now())
        with self._store.write(self._need(now)) as unit:
            gone = unit.lists.remove(list_name, customer_ids)
            if gone:
                event = ListsChanged(list_name=list_name, put=[], removed=gone, at=from_micros(now))
                unit.publish(LISTS_CHANGED, event, self._new_id(), now)
        return len(gone)

    def outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what came of contacts; who opted out goes on the opt-out list, for all channels."""
        now = to_micros(self._clock.now())
        opted_out = {one.customer_id: one for one in event.outcomes if one.outcome == "opt_out"}
        with self._store.write(self._need(now, touches_lists=bool(opted_out))) as unit:
            if not unit.first_time(event_id, now):
                return
            issued = unit.ledger.issued([one.contact_id for one in event.outcomes])
            categories = {contact_id: one.contact.category for contact_id, one in issued.items()}
            unit.outcomes.add([_row(one, categories.get(one.contact_id)) for one in event.outcomes])
            if opted_out:
                self._put(unit, "opt_out", [_opt_out(one) for one in opted_out.values()], now, event_id)

    def _need(self, now: int, *, touches_lists: bool = True) -> Need:
        policies, _ = self._policies.current()
        return Need(policies, now, touches_lists=touches_lists)

    @staticmethod
    def _put(unit: Unit, list_name: ListName, entries: Sequence[ListEntry], now: int, key: str) -> None:
        unit.lists.put(list_name, entries, now)
        put = sorted({entry.customer_id for entry in entries})
        event = ListsChanged(list_name=list_name, put=put, removed=[], at=from_micros(now))
        unit.publish(LISTS_CHANGED, event, key, now)


def _check(field: str, entry: ListEntry) -> None:
    for name in ("customer_id", "reason", "source", "author", "category"):
        text = getattr(entry, name) or ""
        if len(text) > _LONGEST or not text.isprintable():
            raise invalid(f"{field}.{name}", f"at most {_LONGEST} printable characters")
    if not entry.customer_id:
        raise invalid(f"{field}.customer_id", "names nobody")
    if entry.channel is not None and entry.channel not in CHANNELS:
        raise invalid(f"{field}.channel", f"unknown channel {entry.channel!r}: expected one of {', '.join(CHANNELS)}")
    if entry.category == "":
        raise invalid(f"{field}.category", "empty: leave it out to mean all")
    for name in ("starts_at", "ends_at"):
        moment = getattr(entry, name)
        if moment is not None and moment.tzinfo is None:
            raise invalid(f"{field}.{name}", "has no UTC offset")
    if entry.starts_at is not None and entry.ends_at is not None and entry.ends_at <= entry.starts_at:
        raise invalid(f"{field}.ends_at", "is not after starts_at")


def _row(one: RecordedOutcome, category: str | None) -> OutcomeRow:
    mark = OutcomeMark(one.customer_id, one.outcome, to_micros(one.at), one.campaign_id, one.offering_id, category)
    return OutcomeRow(one.contact_id, mark)


def _opt_out(one: RecordedOutcome) -> ListEntry:
    reason = "".join(letter for letter in one.detail[:_LONGEST] if letter.isprintable()) or "opt_out"
    return ListEntry(customer_id=one.customer_id, reason=reason, source="outcome", author=one.channel)
