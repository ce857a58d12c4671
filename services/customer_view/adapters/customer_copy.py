"""Thousands of subscribers into PostgreSQL: COPY beside the table, then one statement that stores and tells.

That statement writes the events `customers_changed` as `Customers.describe` and the outbox would, without a row of
them leaving the server; a test compares the two.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import blake2s
from typing import Any

import msgspec
import sqlalchemy as sa
import sqlalchemy.ext.compiler  # registers the hook used below
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
_MOST_ARGUMENTS = 90
# The stage has no statistics; with any other plan than index after index a batch might read the whole table, and
# might lock its rows in another order than every writer does, that of their ids.
_PLANNING = ", ".join(f"set_config('enable_{way}', 'off', true)" for way in ("hashjoin", "mergejoin", "seqscan"))
_IN_MEMORY = "set_config('work_mem', '64MB', true)"  # of which a batch and its descriptions take about a third
_SQUEEZED_FAST = (
    "(SELECT set_config(name, 'lz4', true) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals))"
)


class _Given(sa.ColumnElement[Any]):
    """A value told with each execution, in a statement whose other values are written into its text."""

    inherit_cache = False

    def __init__(self, name: str, kind: sa.types.TypeEngine[Any]) -> None:
        self.name, self.type = name, kind


@sa.ext.compiler.compiles(_Given)
def _named(element: _Given, compiler: Any, **_: Any) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    return f"CAST(%({element.name})s AS {element.type.compile(dialect=compiler.dialect)})"


_MOMENT = _Given("moment", sa.BigInteger())


@dataclass(frozen=True, slots=True)
class _Case:
    """Which statement a batch needs: its facts, the day, whether some rows are there and whether some are not."""

    stage: str
    named: tuple[str, ...]
    on: date
    has_old: bool
    has_new: bool


class CustomerCopy:
    """Loads rows under one rule book; all rows name the same facts."""

    def __init__(self, customers: Customers, *, per_event: int) -> None:
        self._customers = customers
        self._per_event = per_event
        self._statements: dict[_Case, str] = {}

    def load(self, connection: Connection, rows: FactRows, *, at: datetime, on: date, fresh: Callable[[], str]) -> int:
        """Store facts (words of COPY), tell whom that changed in the outbox, and return how many those were."""
        if not rows.customer_ids:
            return 0
        named = tuple(rows.columns)
        connection.exec_driver_sql(f"SELECT {_PLANNING}, {_IN_MEMORY}, {_SQUEEZED_FAST}")
        stage = self._staged(connection, rows)
        count, there = len(rows.customer_ids), self._there(connection, stage)
        pages = -(-count // self._per_event)
        given = {
            "moment": to_micros(at),
            "event_ids": msgspec.json.encode([derive_id(_EVENT, fresh()) for _ in range(pages)]).decode(),
        }
        case = _Case(stage, named, on, has_old=there > 0, has_new=there < count)
        return int(connection.exec_driver_sql(self._statement(connection, case), given).scalar_one())

    def _staged(self, connection: Connection, rows: FactRows) -> str:
        """Put the rows beside the table, until the transaction ends; return where.

        The connection keeps the empty stage for its next batch, and with it the plans of the statements that read it.
        """
        table = self._customers.table
        kinds = [f'"{name}" {table.c[name].type.compile(dialect=connection.dialect)}' for name in rows.columns]
        columns = ", ".join(('customer_id text COLLATE "C"', *kinds))
        stage = f"feed_stage_{blake2s(columns.encode(), digest_size=8).hexdigest()}"
        connection.exec_driver_sql(f"CREATE TEMPORARY TABLE IF NOT EXISTS {stage} ({columns}) ON COMMIT DELETE ROWS")
        copy_words(
            connection, stage, ["customer_id", *rows.columns], [copy_texts(rows.customer_ids), *rows.columns.values()]
        )
        return stage

    def _there(self, connection: Connection, stage: str) -> int:
        """Return how many of the rows are there; nobody deletes one, and what others bring meanwhile is no conflict."""
        told = connection.exec_driver_sql(
            f"SELECT count(*) FROM {stage} s JOIN customer c ON c.customer_id = s.customer_id"  # noqa: S608 - our own words
        )
        return int(told.scalar_one())

    def _statement(self, connection: Connection, case: _Case) -> str:
        """Return the words of a statement; some hundred values sent apart cost the driver more than the rows do."""
        if case not in self._statements:
            if any(kept.on != case.on or kept.named != case.named for kept in self._statements):
                self._statements.clear()
            # SQLAlchemy writes no values into RETURNING; a percent sign it has doubled is doubled again below.
            document = _words(self._document(case.on), connection).replace("%%", "%")
            self._statements[case] = _words(self._built(case, sa.literal_column(document, sa.Text)), connection)
        return self._statements[case]

    def _built(self, case: _Case, document: sa.ColumnElement[str]) -> sa.Select[Any]:
        table = self._customers.table
        told = (table.c.customer_id, table.c.changed_at, document.label("document"))
        written = []
        if case.has_old:
            written.append(self._update(case).returning(*told).cte("updated"))
        if case.has_new:
            written.append(self._insert(case).returning(*told).cte("inserted"))
        changed = sa.union_all(*(sa.select(one) for one in written)).cte("changed")
        place = sa.func.row_number().over() - 1
        page = sa.cast(sa.func.div(place, self._per_event), sa.Integer).label("page")
        events = self._told(sa.select(changed, page).cte("documents")).cte("told")
        return sa.select(sa.func.count()).select_from(changed).add_cte(events)

    def _update(self, case: _Case) -> sa.Update:
        """Overwrite the rows that differ, in order of id; a stamp is always later than the one before."""
        table, staged, named = self._customers.table, _stage(case), case.named
        stage = sa.select(staged).order_by(staged.c.customer_id).subquery("staged")
        differs = sa.or_(sa.false(), *(table.c[name].is_distinct_from(stage.c[name]) for name in named))
        values = {"changed_at": _later(table, _MOMENT), **{name: stage.c[name] for name in named}}
        return sa.update(table).where(table.c.customer_id == stage.c.customer_id, differs).values(values)

    def _insert(self, case: _Case) -> postgresql.Insert:
        table, stage = self._customers.table, _stage(case)
        rows = sa.select(stage.c.customer_id, _MOMENT, *(stage.c[name] for name in case.named))
        if case.has_old:
            rows = rows.where(~sa.exists().where(table.c.customer_id == stage.c.customer_id).correlate(stage))
        ordered = rows.order_by(stage.c.customer_id)
        insert = postgresql.insert(table).from_select(["customer_id", "changed_at", *case.named], ordered)
        # Somebody else may have just brought the row, with a later stamp.
        fresh = insert.excluded
        differs = sa.or_(sa.false(), *(table.c[name].is_distinct_from(fresh[name]) for name in case.named))
        return insert.on_conflict_do_update(
            index_elements=["customer_id"],
            set_={"changed_at": _later(table, fresh.changed_at), **{name: fresh[name] for name in case.named}},
            where=differs,
        )

    def _document(self, on: date) -> sa.ColumnElement[str]:
        """Return a subscriber as JSON: known facts, segments that hold."""
        columns, table = self._customers.columns, self._customers.table
        facts = [_member(fact, columns[fact.name]) for fact in self._customers.facts]
        segments = [_segment(name, columns, self._customers.book, on) for name in self._customers.book.segments]
        return sa.func.concat(
            sa.literal('{"customer_id":'),
            _quoted(table.c.customer_id),
            sa.literal(',"facts":{'),
            _joined(facts),
            sa.literal('},"segments":['),
            _joined(segments),
            sa.literal('],"changed_at":'),
            _instant(table.c.changed_at),
            sa.literal("}"),
        )

    def _told(self, documents: sa.CTE) -> sa.sql.dml.ReturningInsert[Any]:
        joined = sa.func.string_agg(documents.c.document, sa.literal(",", sa.Text))
        body = sa.func.concat(
            sa.literal('{"changed_at":'),
            _instant(sa.func.max(documents.c.changed_at)),
            sa.literal(',"customers":['),
            joined,
            sa.literal("]}"),
        )
        ids = sa.cast(_Given("event_ids", sa.Text()), postgresql.JSON)
        events = (
            sa.select(
                ids.op("->>")(documents.c.page),
                sa.literal(_EVENT),
                body,
                sa.literal("{}"),
                _MOMENT,
            )
            .group_by(documents.c.page)
            .order_by(documents.c.page)
        )
        names = ["event_id", "event_type", "body", "headers", "created_at"]
        return sa.insert(outbox.outbox).from_select(names, events).returning(outbox.outbox.c.sequence)


def _words(clause: sa.ClauseElement, connection: Connection) -> str:
    return str(clause.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))


def _stage(case: _Case) -> sa.TableClause:
    return sa.table(case.stage, sa.column("customer_id", CustomerId), *(sa.column(name) for name in case.named))


def _later(table: sa.Table, moment: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.greatest(moment, table.c.changed_at + sa.literal(1, sa.BigInteger))


def _joined(parts: list[sa.ColumnElement[str]]) -> sa.ColumnElement[str]:
    """Return the parts with commas between them, without those that are NULL; a call takes a hundred arguments."""
    while len(parts) > _MOST_ARGUMENTS:
        groups = [parts[start : start + _MOST_ARGUMENTS] for start in range(0, len(parts), _MOST_ARGUMENTS)]
        parts = [sa.func.nullif(sa.func.concat_ws(",", *group), "") for group in groups]
    return sa.func.concat_ws(",", *parts) if parts else sa.literal("")


def _member(fact: Fact, column: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    """Return `"fact":value`, NULL where it is unknown."""
    name = sa.literal(f'"{fact.name}":', sa.Text)
    match fact.type:
        case "set":
            members = sa.func.replace(sa.func.btrim(column, ","), ",", '","')
            listed = sa.case(
                (column == ",", "[]"), else_=sa.literal('["', sa.Text) + members + sa.literal('"]', sa.Text)
            )
            return sa.case((column.is_not(None), name + listed))
        case "enum" | "date":
            return sa.literal(f'"{fact.name}":"', sa.Text) + column + sa.literal('"', sa.Text)
        case "text":
            return name + _quoted(column)
        case _:
            return name + sa.cast(column, sa.Text)


def _segment(
    name: str, columns: Mapping[str, sa.ColumnElement[Any]], book: RuleBook, on: date
) -> sa.ColumnElement[str]:
    return sa.case((to_sql(InSegment(name), columns, book, on), sa.literal(f'"{name}"', sa.Text)))


def _quoted(column: sa.ColumnElement[str]) -> sa.ColumnElement[str]:
    return sa.cast(sa.func.to_json(column), sa.Text)


def _instant(micros: sa.ColumnElement[Any]) -> sa.ColumnElement[str]:
    epoch = sa.literal_column("timestamp '1970-01-01'", sa.DateTime)
    moment = epoch + sa.cast(micros, sa.BigInteger) * sa.literal_column("interval '1 microsecond'", sa.Interval)
    text = sa.func.to_char(moment, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')
    return sa.func.concat(sa.literal('"'), text, sa.literal('"'))
