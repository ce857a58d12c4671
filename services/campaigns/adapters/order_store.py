"""Accepted offers on their way through CRM and ISMP."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import sales_order
from services.campaigns.domain.order import SalesOrder
from shared.persistence.bulk import insert_missing, upsert_rows
from shared.persistence.database import in_keys

_FIELDS = tuple(SalesOrder.__dataclass_fields__)
_COLUMNS = tuple(sales_order.c[name] for name in _FIELDS)
_IS_OPEN = sales_order.c.state == sa.literal_column("'open'")  # as text: it must match the partial index


class OrderStore:
    """Port `Orders` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, orders: Sequence[SalesOrder]) -> None:
        """Insert orders; those already there are left as they are."""
        insert_missing(self._connection, sales_order, [_row(each) for each in orders])

    def open(self, moment: datetime, after: str, limit: int) -> list[SalesOrder]:
        """Return open orders that are due, in order of contact id."""
        query = (
            sa.select(*_COLUMNS)
            .where(_IS_OPEN, sales_order.c.due_at <= moment, sales_order.c.contact_id > after)
            .order_by(sales_order.c.contact_id)
            .limit(limit)
        )
        return [SalesOrder(*row) for row in self._connection.execute(query)]

    def save(self, orders: Sequence[SalesOrder]) -> None:
        """Store state, tries, instants and fault."""
        upsert_rows(self._connection, sales_order, [_row(each) for each in orders])

    def open_of(self, customer_ids: Sequence[str]) -> list[tuple[str, str, str]]:
        """Return (subscriber, campaign, offering) of the open orders of the given subscribers."""
        columns = sales_order.c
        query = (
            sa.select(columns.customer_id, columns.campaign_id, columns.offering_id)
            .where(in_keys(columns.customer_id, customer_ids), columns.state == "open")
            .order_by(columns.customer_id, columns.contact_id)
        )
        return [(row[0], row[1], row[2]) for row in self._connection.execute(query)]


def _row(each: SalesOrder) -> dict[str, object]:
    return {name: getattr(each, name) for name in _FIELDS}
