"""Outcomes in SQL."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import NEWEST_BATCH, outcome
from services.governance.application.kept import OutcomeRow
from services.governance.domain.contacts import OutcomeMark
from shared.persistence.bulk import insert_missing
from shared.persistence.database import in_keys

_MARK = [outcome.c[name] for name in ("customer_id", "outcome", "at", "campaign_id", "offering_id", "category")]


class SqlOutcomes:
    """What came of contacts, in the table `outcome`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def marks(self, customers: Sequence[str], named: frozenset[str], since: int) -> Mapping[str, list[OutcomeMark]]:
        """Return outcomes of the named kinds by customer, at or after `since`."""
        found: dict[str, list[OutcomeMark]] = {}
        if named:
            query = sa.select(*_MARK).where(
                in_keys(outcome.c.customer_id, customers), outcome.c.at >= since, outcome.c.outcome.in_(sorted(named))
            )
            for row in self._connection.execute(query):
                found.setdefault(row[0], []).append(OutcomeMark._make(row))
        return found

    def of_customer(self, customer_id: str, limit: int) -> list[OutcomeRow]:
        """Return what came of the subscriber's contacts, newest first."""
        query = sa.select(outcome.c.contact_id, *_MARK).where(outcome.c.customer_id == customer_id)
        newest_first = query.order_by(outcome.c.at.desc(), outcome.c.contact_id, outcome.c.outcome).limit(limit)
        return [OutcomeRow(row[0], OutcomeMark._make(row[1:])) for row in self._connection.execute(newest_first)]

    def add(self, rows: Sequence[OutcomeRow]) -> None:
        """Keep outcomes; one already kept stays as it is."""
        newest = self._connection.execute(NEWEST_BATCH).scalar_one()
        insert_missing(
            self._connection,
            outcome,
            [{"contact_id": row.contact_id, **row.mark._asdict(), "recorded_after": newest} for row in rows],
        )
