"""The tables: `customer` has a column for each fact of the vocabulary, so that a product owner can add a fact."""

import re
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.kernel.faults import Fault
from shared.persistence.database import Database
from shared.persistence.documents import Document
from shared.persistence.instants import Instant
from shared.persistence.outbox import Outbox
from shared.rulekit.storage import column_type, mask_column, mask_expression
from shared.rulekit.vocabulary import Fact, Vocabulary

# Ids sort by code point on both databases, as Python sorts them: callers merge pages of several audiences.
CustomerId = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

OWNER = "customer_view"
"""Facts of other owners in the vocabulary are kept by their owners."""

metadata = sa.MetaData()
outbox = Outbox(metadata)
audience = sa.Table(
    "audience",
    metadata,
    sa.Column("audience_id", sa.Text, primary_key=True),
    sa.Column("audience_key", sa.Text, nullable=False, unique=True),
    sa.Column("query", Document, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("unknown", sa.BigInteger, nullable=False),
    sa.Column("unknown_facts", Document, nullable=False),
    sa.Column("made_at", Instant, nullable=False),
)
audience_member = sa.Table(
    "audience_member",
    metadata,
    sa.Column("audience_id", sa.Text, primary_key=True),
    sa.Column("customer_id", CustomerId, primary_key=True),
    sa.Column("failed", sa.Text, nullable=False),
)

customer_event = sa.Table(
    "customer_event",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("customer_id", CustomerId, nullable=False),
    sa.Column("type", sa.Text, nullable=False),
    sa.Column("at", Instant, nullable=False),
    sa.Column("attributes", Document, nullable=False),
    sa.Index("customer_event_customer", "customer_id", "type", "at"),
    sa.Index("customer_event_at", "at"),
)
trigger_firing = sa.Table(
    "trigger_firing",
    metadata,
    sa.Column("customer_id", CustomerId, primary_key=True),
    sa.Column("trigger_id", sa.Text, primary_key=True),
    sa.Column("fired_at", Instant, primary_key=True),
    sa.Column("trigger_version", sa.Text, nullable=False),
    sa.Column("rule_set", sa.Text, nullable=False),
    sa.Column("counted", sa.BigInteger, nullable=False),
    sa.Index("trigger_firing_trigger", "trigger_id", "fired_at"),
)
trigger_watch = sa.Table(
    "trigger_watch",  # who is to be looked at although no event arrives, and when
    metadata,
    sa.Column("customer_id", CustomerId, primary_key=True),
    sa.Column("due_at", Instant, nullable=False),
    sa.Index("trigger_watch_due", "due_at", "customer_id"),
)
trigger_rules = sa.Table(
    "trigger_rules",  # one row: the triggers by which the watch was set
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("version", sa.Text, nullable=False),
)
feed = sa.Table(
    "feed",  # how far each file and stream has been read; moves in the transaction that stores its rows
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False),
    sa.Column("started_at", Instant, nullable=False),
    sa.Column("moved_at", Instant, nullable=False),
    sa.Column("finished_at", Instant),
    sa.Column("incomplete", sa.Text, nullable=False),
    *(
        sa.Column(name, sa.BigInteger, nullable=False)
        for name in ("position", "rows", "written", "changed", "refused", "bad_cells", "rejects_bytes")
    ),
    sa.Column("unknown", Document, nullable=False),
    sa.Column("rejects", sa.Text, nullable=False),
    sa.Column("last_rejects", Document, nullable=False),
)


class VocabularyMismatch(Fault):
    """The vocabulary asks for a column that the database has for something else."""

    code = "vocabulary_mismatch"


def customer_table(vocabulary: Vocabulary) -> sa.Table:
    """Return the table of subscribers under a vocabulary."""
    return sa.Table(
        "customer",
        sa.MetaData(),
        sa.Column("customer_id", CustomerId, primary_key=True),
        sa.Column("changed_at", Instant, nullable=False),
        *(sa.Column(fact.column, column_type(fact)) for fact in vocabulary.owned_by(OWNER)),
    )


def ensure_columns(database: Database, vocabulary: Vocabulary) -> list[str]:
    """Add the columns of facts the vocabulary has gained; return their names. Columns of lost facts stay.

    One process at a time does it. Raises VocabularyMismatch when a column exists with another type.
    """
    with database.read() as connection:
        if not _missing(connection, vocabulary):
            return []
    with database.write() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.text("LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE"))
        missing = _missing(connection, vocabulary)
        for fact in missing:
            kind = column_type(fact).compile(dialect=connection.dialect)
            connection.exec_driver_sql(f'ALTER TABLE customer ADD COLUMN "{fact.column}" {kind}')
    return [fact.column for fact in missing]


def bind_masks(database: Database, table: sa.Table, vocabulary: Vocabulary, *, may_build: bool) -> None:
    """Add to the table object the masks of its sets that the database has, so that conditions use them.

    PostgreSQL alone has them. With `may_build` missing ones are made first, which rewrites the table once, some seconds
    per million rows, while nobody else can use it. Of masks for other members the newest stays, for processes that
    still run under the vocabulary before.
    """
    wanted = {name: fact for fact in vocabulary.owned_by(OWNER) if (name := mask_column(fact)) is not None}
    if database.dialect != "postgresql" or not wanted:
        return
    with database.read() as connection:
        present = _names(connection)
    if may_build and not wanted.keys() <= present.keys():
        with database.write() as connection:
            present = _build_masks(connection, wanted)
    for name in wanted:
        if name in present:
            table.append_column(sa.Column(name, sa.BigInteger))


def _build_masks(connection: Connection, wanted: Mapping[str, Fact]) -> Mapping[str, None]:
    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    connection.exec_driver_sql("LOCK TABLE customer IN ACCESS EXCLUSIVE MODE")
    present = _names(connection)
    actions = []
    for name, fact in wanted.items():
        if name not in present:
            actions.append(f'ADD COLUMN "{name}" BIGINT GENERATED ALWAYS AS ({mask_expression(fact)}) STORED')
        alike = re.compile(rf"{re.escape(name[:-8])}[0-9a-f]{{8}}")
        others = [one for one in present if one != name and alike.fullmatch(one)]
        actions += [f'DROP COLUMN "{one}"' for one in others[:-1]]
    if actions:
        connection.exec_driver_sql(f"ALTER TABLE customer {', '.join(actions)}")
    return _names(connection)


def _names(connection: Connection) -> Mapping[str, None]:
    """Return the names of the columns, the oldest first."""
    return dict.fromkeys(column["name"] for column in sa.inspect(connection).get_columns("customer"))


def _missing(connection: Connection, vocabulary: Vocabulary) -> list[Fact]:
    present = {column["name"]: column["type"] for column in sa.inspect(connection).get_columns("customer")}
    for fact in vocabulary.owned_by(OWNER):
        there = present.get(fact.column)
        if fact.column in {"customer_id", "changed_at"} or (there is not None and not _fits(there, fact)):
            message = f"fact {fact.name} ({fact.type}) cannot use column {fact.column}: the table has it as {there}"
            raise VocabularyMismatch(message, details={"field": fact.name})
    return [fact for fact in vocabulary.owned_by(OWNER) if fact.column not in present]


def _fits(there: sa.types.TypeEngine[object], fact: Fact) -> bool:
    wanted = column_type(fact)
    return any(
        isinstance(there, family) and isinstance(wanted, family)
        for family in (sa.Boolean, sa.Integer, sa.Float, sa.String)
    )
