"""The audit in SQL."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import audit
from services.governance.application.kept import AuditRow
from shared.persistence.bulk import insert_rows

_ROW = [audit.c[name] for name in AuditRow._fields]


class SqlAudit:
    """Who did what about subscribers, in the table `audit`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, rows: Sequence[AuditRow]) -> None:
        """Add notes."""
        insert_rows(self._connection, audit, [row._asdict() for row in rows])

    def of_customer(self, customer_id: str, limit: int) -> list[AuditRow]:
        """Return the subscriber's newest notes, newest first."""
        query = sa.select(*_ROW).where(audit.c.customer_id == customer_id).order_by(audit.c.audit_id.desc())
        return [AuditRow._make(row) for row in self._connection.execute(query.limit(limit))]
