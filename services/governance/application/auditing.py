"""The audit: who did what about a subscriber, noted in the transaction that does it."""

from services.governance.application.kept import AuditRow
from services.governance.application.ports import Store
from services.governance.application.pseudonyms import kept_customer
from services.governance.domain.instants import from_micros
from shared.contracts.governance import AuditNote
from shared.contracts.wire import INTERACTIVE_LIMIT


class Auditing:
    """Reads the audit."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of_customer(self, customer_id: str) -> list[AuditNote]:
        """Return the subscriber's newest notes, newest first; at most INTERACTIVE_LIMIT."""
        with self._store.read() as unit:
            rows = unit.audit.of_customer(kept_customer(unit, customer_id), INTERACTIVE_LIMIT)
        return [told_note(row) for row in rows]


def note_of(customer_id: str, at: int, author: str, action: str, subject: str, *detail: str | None) -> AuditRow:
    """Return a note; its details are those given that say anything."""
    return AuditRow(customer_id, at, author, action, subject, " · ".join(part for part in detail if part))


def told_note(row: AuditRow) -> AuditNote:
    """Return a note for the caller."""
    return AuditNote(
        at=from_micros(row.at), author=row.author, action=row.action, subject=row.subject, detail=row.detail
    )
