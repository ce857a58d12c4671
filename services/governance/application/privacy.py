"""What governance holds about one subscriber: told to whoever may ask, and erased so that it goes on protecting."""

from collections.abc import Sequence
from typing import get_args

from msgspec.structs import replace

from services.governance.application.auditing import note_of, told_note
from services.governance.application.explaining import Explaining
from services.governance.application.faults import check_text, invalid
from services.governance.application.kept import OutcomeRow
from services.governance.application.overriding import told
from services.governance.application.policies import PoliciesInForce
from services.governance.application.ports import Need, Store, Unit
from services.governance.application.pseudonyms import kept_customer
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.pseudonyms import is_pseudonym
from shared.contracts.governance import Erasure, ListedEntry, OutcomeKept, SubscriberRecord
from shared.contracts.wire import ListName
from shared.kernel.clock import Clock
from shared.kernel.faults import NotAllowed

MOST = 10_000
"""Of each kind of row; a subscriber has hundreds."""


class Privacy:
    """Exports and erases subscribers; both are noted in the audit."""

    def __init__(self, store: Store, policies: PoliciesInForce, explaining: Explaining, clock: Clock) -> None:
        self._store, self._policies, self._explaining, self._clock = store, policies, explaining, clock

    def export(self, customer_id: str, author: str) -> SubscriberRecord:
        """Return everything governance holds about the subscriber, as of one moment.

        Of an erased subscriber that is what is kept under the pseudonym. Raises InvalidRequest naming the field, and
        NotAllowed where there are more than MOST rows of a kind.
        """
        _check(customer_id, author)
        with self._store.write(self._need(customer_id)) as unit:
            now = max(to_micros(self._clock.now()), unit.ledger.newest_decision())
            kept = kept_customer(unit, customer_id)
            unit.audit.note([note_of(kept, now, author, "subscriber_export", "")])
            record = SubscriberRecord(
                customer_id=customer_id,
                exported_at=from_micros(now),
                receipts=self._explaining.receipts(unit, customer_id, MOST),
                lists={name: _entries(unit, name, kept, customer_id) for name in get_args(ListName)},
                outcomes=[_outcome(row) for row in unit.outcomes.of_customer(kept, MOST)],
                overrides=[
                    told(one._replace(customer_id=customer_id), now) for one in unit.overrides.of_customer(kept, MOST)
                ],
                audit=[told_note(row) for row in unit.audit.of_customer(kept, MOST)],
            )
            _check_complete(record)
            return record

    def erase(self, customer_id: str, author: str, reason: str) -> Erasure:
        """Keep the subscriber's rows under a pseudonym from now on; what they count goes on protecting the subscriber.

        Once more, free texts written since are erased as well. Raises InvalidRequest naming the field, and
        ErasureKeyMissing or ErasureKeyWrong.
        """
        _check(customer_id, author)
        check_text("reason", reason, is_required=True)
        if customer_id in reason:
            raise invalid("reason", "names the subscriber, and would be kept")
        with self._store.write(self._need(customer_id)) as unit:
            now = max(to_micros(self._clock.now()), unit.ledger.newest_decision())
            rows = unit.privacy.erase(customer_id, author, now)
            unit.audit.note([note_of(kept_customer(unit, customer_id), now, author, "subscriber_erase", "", reason)])
        return Erasure(customer_id=customer_id, at=from_micros(now), **rows._asdict())

    def _need(self, customer_id: str) -> Need:
        """Return what to lock: the lane, and the lists, whose lock also keeps two erasures apart."""
        policies, _ = self._policies.current()
        return Need(policies, to_micros(self._clock.now()), [customer_id], touches_lists=True)


def _check(customer_id: str, author: str) -> None:
    check_text("customer_id", customer_id, is_required=True)
    check_text("author", author, is_required=True)
    if is_pseudonym(customer_id):
        raise invalid("customer_id", "is a pseudonym already")


def _entries(unit: Unit, name: ListName, kept: str, customer_id: str) -> list[ListedEntry]:
    entries = unit.lists.page(name, None, MOST, kept)
    return [_renamed(entry, customer_id) for entry in entries]


def _renamed(entry: ListedEntry, customer_id: str) -> ListedEntry:
    return entry if entry.customer_id == customer_id else replace(entry, customer_id=customer_id)


def _outcome(row: OutcomeRow) -> OutcomeKept:
    mark = row.mark
    return OutcomeKept(
        contact_id=row.contact_id,
        outcome=mark.outcome,
        at=from_micros(mark.at),
        campaign_id=mark.campaign_id,
        offering_id=mark.offering_id,
        category=mark.category,
    )


def _check_complete(record: SubscriberRecord) -> None:
    kinds: dict[str, Sequence[object]] = {
        "receipts": record.receipts,
        "outcomes": record.outcomes,
        "overrides": record.overrides,
        "audit": record.audit,
    }
    for kind, rows in (*kinds.items(), *record.lists.items()):
        if len(rows) >= MOST:
            message = f"{kind}: {MOST} rows and more are no one subscriber's; read them from the database"
            raise NotAllowed(message, details={"field": kind, "limit": MOST})
