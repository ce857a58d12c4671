"""Subscribers in the database: partial writes, and whole descriptions with segments."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.customer_view.adapters.tables import OWNER, customer_table
from services.customer_view.application.ports import Change, FactsById
from shared.contracts.customer_view import Customer
from shared.persistence.bulk import insert_missing, upsert_rows
from shared.persistence.database import in_keys
from shared.rulekit.facts import FactValue
from shared.rulekit.model import InSegment, RuleBook
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.storage import StoredValue, from_storage, to_storage

_TICK = timedelta(microseconds=1)
_Wanted = dict[str, dict[str, StoredValue]]


class Customers:
    """The customer table under one rule book."""

    def __init__(self, book: RuleBook) -> None:
        self.book = book
        self.table = customer_table(book.vocabulary)
        self.facts = book.vocabulary.owned_by(OWNER)
        self.columns = {fact.name: self.table.c[fact.column] for fact in self.facts}
        self._described: tuple[date, sa.Select[Any]] | None = None

    def put(self, connection: Connection, facts: FactsById, at: datetime) -> Change:
        """Write what differs from what is stored; rows that say nothing new are neither written nor told."""
        wanted = {customer_id: self._stored(facts[customer_id]) for customer_id in sorted(facts)}
        named = sorted({column for row in wanted.values() for column in row})
        there = self._locked(connection, list(wanted), named)
        changed = {
            customer_id: row
            for customer_id, row in wanted.items()
            if (now := there.get(customer_id)) is None or any(now[column] != value for column, value in row.items())
        }
        # Readers tell versions of a subscriber apart by this stamp, so it moves on even where clocks differ or stand.
        moment = max([at, *(there[one]["changed_at"] + _TICK for one in changed if one in there)])
        self._write(connection, changed, there, named, moment)
        return Change(moment, list(changed))

    def held(self, connection: Connection, customer_ids: Sequence[str], fact: str) -> Mapping[str, FactValue]:
        """Return one fact of those subscribers that exist, their rows locked."""
        known = self.book.vocabulary[fact]
        rows = self._locked(connection, customer_ids, [known.column])
        return {customer_id: from_storage(known, row[known.column]) for customer_id, row in rows.items()}

    def known(self, connection: Connection, customer_ids: Sequence[str], facts: Collection[str]) -> FactsById:
        """Return some facts of those subscribers that exist, in order of id, their rows locked."""
        read = [fact for fact in self.facts if fact.name in facts]
        rows = self._locked(connection, customer_ids, [fact.column for fact in read])
        return {
            customer_id: {
                fact.name: from_storage(fact, row[fact.column]) for fact in read if row[fact.column] is not None
            }
            for customer_id, row in rows.items()
        }

    def describe(self, connection: Connection, customer_ids: Sequence[str], on: date) -> list[Customer]:
        """Return subscribers with known facts and segments, judged in the same statement, in order of id."""
        statement = self._description(on).where(in_keys(self.table.c.customer_id, customer_ids))
        facts = self.facts
        segments = list(self.book.segments)
        return [
            Customer(
                customer_id=row[0],
                changed_at=row[1],
                facts={
                    fact.name: from_storage(fact, value)
                    for fact, value in zip(facts, row[2 : 2 + len(facts)], strict=True)
                    if value is not None
                },
                segments=[name for name, holds in zip(segments, row[2 + len(facts) :], strict=True) if holds],
            )
            for row in connection.execute(statement)
        ]

    def _description(self, on: date) -> sa.Select[Any]:
        kept = self._described
        if kept is None or kept[0] != on:
            holds = [
                to_sql(InSegment(name), self.columns, self.book, on).label(f"segment_{number}")
                for number, name in enumerate(self.book.segments)
            ]
            order = self.table.c.customer_id
            kept = (on, sa.select(order, self.table.c.changed_at, *self.columns.values(), *holds).order_by(order))
            self._described = kept
        return kept[1]

    def _stored(self, facts: Mapping[str, FactValue]) -> dict[str, StoredValue]:
        vocabulary = self.book.vocabulary
        return {vocabulary[name].column: to_storage(vocabulary[name], value) for name, value in facts.items()}

    def _locked(
        self, connection: Connection, customer_ids: Sequence[str], columns: Sequence[str]
    ) -> dict[str, sa.RowMapping]:
        """Read rows in order of id, so that batches that overlap wait for one another instead of deadlocking."""
        key = self.table.c.customer_id
        query = sa.select(key, self.table.c.changed_at, *(self.table.c[name] for name in columns))
        query = query.where(in_keys(key, customer_ids)).order_by(key).with_for_update()
        return {row["customer_id"]: row for row in connection.execute(query).mappings()}

    def _write(
        self,
        connection: Connection,
        changed: _Wanted,
        there: Mapping[str, sa.RowMapping],
        named: Sequence[str],
        moment: datetime,
    ) -> None:
        """Write whole rows of the named columns in two statements, however differently the records are filled."""

        def whole(customer_id: str, now: sa.RowMapping | None) -> dict[str, Any]:
            row = changed[customer_id]
            kept = {name: row[name] if name in row else (now[name] if now else None) for name in named}
            return {"customer_id": customer_id, "changed_at": moment, **kept}

        fresh = [one for one in changed if one not in there]
        if insert_missing(connection, self.table, [whole(one, None) for one in fresh]) < len(fresh):
            # Somebody else has just brought some of them: what they know beyond our records must stay.
            now = self._locked(connection, fresh, named)
            upsert_rows(connection, self.table, [whole(one, now[one]) for one in fresh])
        upsert_rows(connection, self.table, [whole(one, there[one]) for one in changed if one in there])
