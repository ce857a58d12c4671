"""Thousands of subscribers into PostgreSQL: COPY beside the table, then one statement that stores and tells.

That statement writes the events `customers_changed` as `Customers.describe` and the outbox would, without a row of
them leaving the server; a test compares the two.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.tables import CustomerId, outbox
from services.customer_view.application.feed_ports import FactRows
from shared.kernel.identity import derive_id
from shared.persistence.bulk import copy_texts, copy_words
from shared.persistence.instants import to_micros
from shared.rulekit.model import InSegment, RuleBook
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.vocabulary import Fact

_EVENT = "customers_changed"
_STAGE = "feed_stage"
# The stage has no statistics; with any other plan than index after index a batch might read the whole table.
_PLANNING = ("SET LOCAL enable_hashjoin = off", "SET LOCAL enable_mergejoin = off")
_SQUEEZED_FAST = (
    "SELECT set_config('default_toast_compression', 'lz4', true) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals)"
)


class CustomerCopy:
    """Loads rows under one rule book; all rows name the same facts."""

    def __init__(self, customers: Customers, *, per_event: int) -> None:
        self._customers = customers
        self._per_event = per_event
        self._statements: dict[tuple[date, tuple[str, ...]], sa.Select[Any]] = {}

    def load(self, connection: Connection, rows: FactRows, *, at: datetime, on: date, fresh: Callable[[], str]) -> int:
        """Store facts (words of COPY), tell whom that changed in the outbox, and return how many those were."""
        if not rows.customer_ids:
            return 0
        named = tuple(rows.columns)
        for statement in (*_PLANNING, _SQUEEZED_FAST):
            connection.exec_driver_sql(statement)
        self._stage(connection, rows)
        moment = max(to_micros(at), self._locked(connection) + 1)
        pages = -(-len(rows.customer_ids) // self._per_event)
        given = {
            "moment": moment,
            "created_at": to_micros(at),
            "event_ids": msgspec.json.encode([derive_id(_EVENT, fresh()) for _ in range(pages)]).decode(),
        }
        return int(connection.scalar(self._statement(named, on), given) or 0)

    def _stage(self, connection: Connection, rows: FactRows) -> None:
        table = self._customers.table
        kinds = [f'"{name}" {table.c[name].type.compile(dialect=connection.dialect)}' for name in rows.columns]
        columns = ", ".join(('customer_id text COLLATE "C"', *kinds))
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE {_STAGE} ({columns}) ON COMMIT DROP")
        copy_words(
            connection, _STAGE, ["customer_id", *rows.columns], [copy_texts(rows.customer_ids), *rows.columns.values()]
        )

    def _locked(self, connection: Connection) -> int:
        """Lock the rows that are there in order of id, as every writer does; return when the newest was changed."""
        locked = connection.exec_driver_sql(
            f"SELECT max(changed_at) FROM (SELECT c.changed_at FROM {_STAGE} s JOIN customer c"  # noqa: S608 - our own words
            " ON c.customer_id = s.customer_id ORDER BY c.customer_id FOR UPDATE OF c) there"
        )
        return int(locked.scalar() or 0)

    def _statement(self, named: tuple[str, ...], on: date) -> sa.Select[Any]:
        if (on, named) not in self._statements:
            self._statements = {(on, named): self._built(named, on)}
        return self._statements[on, named]

    def _built(self, named: tuple[str, ...], on: date) -> sa.Select[Any]:
        changed = self._upsert(named).cte("changed")
        place = sa.func.row_number().over(order_by=changed.c.customer_id) - 1
        documents = sa.select(
            changed.c.customer_id,
            changed.c.changed_at,
            self._document(changed, on).label("document"),
            sa.cast(sa.func.div(place, self._per_event), sa.Integer).label("page"),
        ).cte("documents")
        told = self._told(documents).cte("told")
        return sa.select(sa.func.count()).select_from(changed).add_cte(told)

    def _upsert(self, named: tuple[str, ...]) -> sa.sql.dml.ReturningInsert[Any]:
        table = self._customers.table
        stage = sa.table(_STAGE, sa.column("customer_id", CustomerId), *(sa.column(name) for name in named))
        moment = sa.bindparam("moment", type_=sa.BigInteger)
        rows = sa.select(stage.c.customer_id, moment, *(stage.c[name] for name in named)).order_by(stage.c.customer_id)
        insert = postgresql.insert(table).from_select(["customer_id", "changed_at", *named], rows)
        fresh = insert.excluded
        differs = sa.or_(sa.false(), *(table.c[name].is_distinct_from(fresh[name]) for name in named))
        # Somebody else may have just brought the row, with a later stamp.
        later = sa.func.greatest(fresh.changed_at, table.c.changed_at + sa.literal(1, sa.BigInteger))
        return insert.on_conflict_do_update(
            index_elements=["customer_id"],
            set_={"changed_at": later, **{name: fresh[name] for name in named}},
            where=differs,
        ).returning(*table.c)

    def _document(self, changed: sa.CTE, on: date) -> sa.ColumnElement[str]:
        """Return a subscriber as JSON: known facts, segments that hold."""
        columns = {fact.name: changed.c[fact.column] for fact in self._customers.facts}
        facts = [_member(fact, columns[fact.name]) for fact in self._customers.facts]
        segments = [_segment(name, columns, self._customers.book, on) for name in self._customers.book.segments]
        return sa.func.concat(
            sa.literal('{"customer_id":'),
            _quoted(changed.c.customer_id),
            sa.literal(',"facts":{'),
            sa.func.substr(_joined(facts), 2),
            sa.literal('},"segments":['),
            sa.func.substr(_joined(segments), 2),
            sa.literal('],"changed_at":'),
            _instant(changed.c.changed_at),
            sa.literal("}"),
        )

    def _told(self, documents: sa.CTE) -> sa.sql.dml.ReturningInsert[Any]:
        joined = sa.func.string_agg(
            documents.c.document, postgresql.aggregate_order_by(sa.literal(","), documents.c.customer_id)
        )
        body = sa.func.concat(
            sa.literal('{"changed_at":'),
            _instant(sa.func.max(documents.c.changed_at)),
            sa.literal(',"customers":['),
            joined,
            sa.literal("]}"),
        )
        ids = sa.cast(sa.bindparam("event_ids", type_=sa.Text), postgresql.JSON)
        events = (
            sa.select(
                ids.op("->>")(documents.c.page),
                sa.literal(_EVENT),
                body,
                sa.literal("{}"),
                sa.bindparam("created_at", type_=sa.BigInteger),
            )
            .group_by(documents.c.page)
            .order_by(documents.c.page)
        )
        names = ["event_id", "event_type", "body", "headers", "created_at"]
        return sa.insert(outbox.outbox).from_select(names, events).returning(outbox.outbox.c.sequence)


def _joined(parts: list[sa.ColumnElement[str]]) -> sa.ColumnElement[str]:
    """Return the parts one after the other, without those that are NULL; concat takes a hundred arguments at most."""
    groups = [sa.func.concat(*parts[start : start + 90]) for start in range(0, len(parts), 90)]
    return sa.func.concat(sa.literal(""), *groups)


def _member(fact: Fact, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return `,"fact":value`, NULL where it is unknown."""
    name = sa.literal(f',"{fact.name}":', sa.Text)
    match fact.type:
        case "set":
            members = sa.func.replace(sa.func.btrim(column, ","), ",", '","')
            listed = sa.case(
                (column == ",", "[]"), else_=sa.literal('["', sa.Text) + members + sa.literal('"]', sa.Text)
            )
            return sa.case((column.is_not(None), name + listed))
        case "enum" | "date":
            return sa.literal(f',"{fact.name}":"', sa.Text) + column + sa.literal('"', sa.Text)
        case "text":
            return name + _quoted(column)
        case _:
            return name + sa.cast(column, sa.Text)


def _segment(
    name: str, columns: Mapping[str, sa.ColumnElement[Any]], book: RuleBook, on: date
) -> sa.ColumnElement[str]:
    return sa.case((to_sql(InSegment(name), columns, book, on), sa.literal(f',"{name}"', sa.Text)))


def _quoted(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.cast(sa.func.to_json(column), sa.Text)


def _instant(micros: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    epoch = sa.literal_column("timestamp '1970-01-01'", sa.DateTime)
    moment = epoch + sa.cast(micros, sa.BigInteger) * sa.literal_column("interval '1 microsecond'", sa.Interval)
    text = sa.func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    return sa.func.concat(sa.literal('"'), text, sa.literal('"'))
