"""What other services own, as their events told it: of several messages the newest wins, whatever their order."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import customer_snapshot, holding, list_entry, offering_snapshot
from services.campaigns.domain.offering import Offering
from shared.contracts.customer_view import Customer
from shared.persistence.bulk import insert_missing, upsert_rows
from shared.persistence.database import in_keys

_LOCK = 7_226_926_002  # any constant: one writer of replicas at a time, so that two messages cannot cross


class ReplicaStore:
    """Port `Replicas` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_customers(self, customers: Sequence[Customer]) -> None:
        """Keep snapshots and holdings; of several only the newest `changed_at` wins."""
        self._alone()
        newest = {each.customer_id: each for each in sorted(customers, key=lambda each: each.changed_at)}
        columns = customer_snapshot.c
        known = self._connection.execute(
            sa.select(columns.customer_id, columns.changed_at).where(in_keys(columns.customer_id, list(newest)))
        )
        for customer_id, changed_at in known:
            if changed_at > newest[customer_id].changed_at:
                del newest[customer_id]
        rows = [
            {"customer_id": c.customer_id, "facts": c.facts, "segments": c.segments, "changed_at": c.changed_at}
            for c in newest.values()
        ]
        upsert_rows(self._connection, customer_snapshot, rows)
        self._put_holdings(list(newest.values()))

    def customer(self, customer_id: str) -> Customer | None:
        """Return one subscriber's snapshot."""
        query = sa.select(customer_snapshot).where(customer_snapshot.c.customer_id == customer_id)
        row = self._connection.execute(query).first()
        return None if row is None else _customer(row)

    def put_offerings(self, offerings: Sequence[Offering]) -> None:
        """Keep offerings as they now stand."""
        rows = [{"offering_id": each.offering_id, "offering": each} for each in offerings]
        upsert_rows(self._connection, offering_snapshot, rows)

    def offerings(self) -> Mapping[str, Offering]:
        """Return the whole catalogue, by id."""
        query = sa.select(offering_snapshot.c.offering).order_by(offering_snapshot.c.offering_id)
        found = [msgspec.convert(each, Offering) for each in self._connection.scalars(query)]
        return {each.offering_id: each for each in found}

    def put_list(self, list_name: str, put: Sequence[str], removed: Sequence[str], at: datetime) -> None:
        """Keep who is on a list; an older message cannot undo a newer one."""
        self._alone()
        said = dict.fromkeys(removed, False) | dict.fromkeys(put, True)
        columns = list_entry.c
        query = sa.select(columns.customer_id).where(
            columns.list_name == list_name, columns.at > at, in_keys(columns.customer_id, list(said))
        )
        newer = set(self._connection.scalars(query))
        rows = [
            {"list_name": list_name, "customer_id": customer_id, "at": at, "listed": listed}
            for customer_id, listed in said.items()
            if customer_id not in newer
        ]
        upsert_rows(self._connection, list_entry, rows)

    def lists_of(self, customer_id: str) -> frozenset[str]:
        """Return the lists one subscriber is on."""
        columns = list_entry.c
        query = sa.select(columns.list_name).where(columns.customer_id == customer_id, columns.listed)
        return frozenset(self._connection.scalars(query))

    def _put_holdings(self, customers: Sequence[Customer]) -> None:
        since = {each.customer_id: each.changed_at for each in customers}
        now = {(each.customer_id, product) for each in customers for product in _products(each)}
        columns = holding.c
        query = sa.select(columns.customer_id, columns.product).where(in_keys(columns.customer_id, list(since)))
        before = {(row[0], row[1]) for row in self._connection.execute(query)}
        self._forget(before - now)
        rows = [{"customer_id": c, "product": p, "since": since[c]} for c, p in sorted(now - before)]
        insert_missing(self._connection, holding, rows)

    def _forget(self, gone: Collection[tuple[str, str]]) -> None:
        for product in sorted({product for _, product in gone}):  # a handful: products, not subscribers
            customers = [customer_id for customer_id, each in gone if each == product]
            self._connection.execute(
                sa.delete(holding).where(holding.c.product == product, in_keys(holding.c.customer_id, customers))
            )

    def _alone(self) -> None:
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})


def _products(customer: Customer) -> list[str]:
    products = customer.facts.get("products")
    return products if isinstance(products, list) else []


def _customer(row: sa.Row[tuple[object, ...]]) -> Customer:
    return Customer(customer_id=row.customer_id, facts=row.facts, segments=row.segments, changed_at=row.changed_at)
