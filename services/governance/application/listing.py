"""Who must be left alone: lists, and outcomes that say so."""

from collections.abc import Callable, Sequence

import msgspec
from msgspec.structs import replace

from services.governance.application.auditing import note_of
from services.governance.application.faults import check_scope, check_text, invalid
from services.governance.application.kept import AuditRow, ListKey, OutcomeRow
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.pseudonyms import kept_customer, kept_entries, kept_outcomes
from services.governance.domain.contacts import OutcomeMark
from services.governance.domain.instants import from_micros, to_micros
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import ListedEntry, ListEntry, ListPage, ListsChanged
from shared.contracts.wire import BULK_LIMIT, ListName
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
            check_entry(f"entries[{place}]", entry)
        if entries:
            now = to_micros(self._clock.now())
            with self._store.write(self._need(now, [entry.customer_id for entry in entries])) as unit:
                self._put(unit, list_name, entries, now, self._new_id())
        return len(entries)

    def read(self, list_name: ListName, after: str, limit: int, customer_id: str | None = None) -> ListPage:
        """Return a page of a list, or of one subscriber's entries on it; `after` is "" or the page before's `next`.

        Raises InvalidRequest for a limit outside 1 to BULK_LIMIT, and for an `after` that no page told.
        """
        if not 1 <= limit <= BULK_LIMIT:
            raise invalid("limit", f"expected 1 to {BULK_LIMIT}")
        key = _key(after) if after else None
        with self._store.read() as unit:
            kept = None if customer_id is None else kept_customer(unit, customer_id)
            entries = unit.lists.page(list_name, key, limit + 1, kept)
        following = _named(entries[limit - 1]) if len(entries) > limit else None
        told = entries[:limit]
        if customer_id is not None:
            told = [replace(entry, customer_id=customer_id) for entry in told]
        return ListPage(entries=told, next=following)

    def remove(self, list_name: ListName, customer_ids: Sequence[str], author: str = "", reason: str = "") -> int:
        """Take subscribers off a list and tell `lists_changed`; return how many were on it."""
        check_text("author", author)
        check_text("reason", reason)
        now = to_micros(self._clock.now())
        with self._store.write(self._need(now)) as unit:
            names = unit.pseudonyms.of(customer_ids)
            gone = unit.lists.remove(list_name, [names.get(one, one) for one in customer_ids])
            if gone:
                unit.audit.note([note_of(one, now, author, "list_remove", list_name, reason) for one in gone])
                asked = {names.get(one, one): one for one in customer_ids}
                removed = sorted(asked[one] for one in gone)
                event = ListsChanged(list_name=list_name, put=[], removed=removed, at=from_micros(now))
                unit.publish(LISTS_CHANGED, event, self._new_id(), now)
        return len(gone)

    def outcomes_recorded(self, event_id: str, event: OutcomesRecorded) -> None:
        """Keep what came of contacts; who opted out goes on the opt-out list, for all channels."""
        now = to_micros(self._clock.now())
        opted_out = {one.customer_id: one for one in event.outcomes if one.outcome == "opt_out"}
        customers = [one.customer_id for one in event.outcomes]
        with self._store.write(self._need(now, customers, touches_lists=bool(opted_out))) as unit:
            if not unit.first_time(event_id, now):
                return
            kept = kept_outcomes(unit, event.outcomes)
            issued = unit.ledger.issued([one.contact_id for one in kept])
            categories = {contact_id: one.contact.category for contact_id, one in issued.items()}
            unit.outcomes.add([_row(one, categories.get(one.contact_id)) for one in kept])
            if opted_out:
                self._put(unit, "opt_out", [_opt_out(one) for one in opted_out.values()], now, event_id)

    def _need(self, now: int, customers: Sequence[str] = (), *, touches_lists: bool = True) -> Need:
        """Return what to lock: with their lanes held, no verdict on those subscribers is being made meanwhile."""
        policies, _ = self._policies.current()
        return Need(policies, now, sorted(set(customers)), touches_lists=touches_lists)

    @staticmethod
    def _put(unit: Unit, list_name: ListName, entries: Sequence[ListEntry], now: int, key: str) -> None:
        kept = kept_entries(unit, entries)
        unit.lists.put(list_name, kept, now)
        unit.audit.note([_note(list_name, entry, now) for entry in kept])
        put = sorted({entry.customer_id for entry in entries})
        event = ListsChanged(list_name=list_name, put=put, removed=[], at=from_micros(now))
        unit.publish(LISTS_CHANGED, event, key, now)


def check_entry(field: str, entry: ListEntry) -> None:
    """Raise InvalidRequest naming what makes no sense in an entry; `field` is where the entry stands."""
    check_text(f"{field}.customer_id", entry.customer_id, is_required=True)
    for name in ("reason", "source", "author"):
        check_text(f"{field}.{name}", getattr(entry, name), is_required=True)
    check_scope(field, entry.channel, entry.category, entry.starts_at, entry.ends_at)


def _note(list_name: ListName, entry: ListEntry, now: int) -> AuditRow:
    detail = (entry.reason, entry.source, entry.channel, entry.category)
    return note_of(entry.customer_id, now, entry.author, "list_put", list_name, *detail)


def _named(entry: ListedEntry) -> str:
    return msgspec.json.encode([entry.customer_id, entry.channel or "", entry.category or ""]).decode()


def _key(after: str) -> ListKey:
    try:
        key: ListKey = msgspec.json.decode(after, type=ListKey)
    except msgspec.DecodeError as fault:
        raise invalid("after", "expected what a page told as `next`") from fault
    return key


def _row(one: RecordedOutcome, category: str | None) -> OutcomeRow:
    mark = OutcomeMark(one.customer_id, one.outcome, to_micros(one.at), one.campaign_id, one.offering_id, category)
    return OutcomeRow(one.contact_id, mark)


def _opt_out(one: RecordedOutcome) -> ListEntry:
    reason = "".join(letter for letter in one.detail[:_LONGEST] if letter.isprintable()).strip() or "opt_out"
    return ListEntry(customer_id=one.customer_id, reason=reason, source="outcome", author=one.channel)
