"""Subscribers by the column where there is no COPY: as records, by the way every record takes."""

from collections.abc import Callable
from datetime import date, datetime
from typing import cast

from sqlalchemy.engine import Connection

from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.tables import outbox
from services.customer_view.application.feed_ports import FactRows
from shared.contracts.customer_view import CustomersChanged
from shared.rulekit.facts import FactValue


class CustomerRows:
    """Loads rows under one rule book; all rows name the same facts."""

    def __init__(self, customers: Customers, *, per_event: int) -> None:
        self._customers = customers
        self._per_event = per_event

    def load(self, connection: Connection, rows: FactRows, *, at: datetime, on: date, fresh: Callable[[], str]) -> int:
        """Store facts, tell whom that changed in the outbox, and return how many those were."""
        names = {fact.column: fact.name for fact in self._customers.facts}
        columns = {names[column]: cast("list[FactValue]", values) for column, values in rows.columns.items()}
        facts = {
            customer_id: {name: values[place] for name, values in columns.items()}
            for place, customer_id in enumerate(rows.customer_ids)
        }
        change = self._customers.put(connection, facts, at)
        for start in range(0, len(change.customer_ids), self._per_event):
            some = change.customer_ids[start : start + self._per_event]
            event = CustomersChanged(changed_at=change.at, customers=self._customers.describe(connection, some, on))
            outbox.add(connection, "customers_changed", event, at=change.at, key=fresh())
        return len(change.customer_ids)
