"""Outbox and inbox: events are stored in the transaction that causes them, and applied once where they arrive.

Every service's first migration creates both tables with `create_tables`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from shared.kernel.identity import derive_id
from shared.observability.tracing import headers_of_event
from shared.persistence.bulk import insert_missing, insert_rows
from shared.persistence.instants import Instant

Query = TypeVar("Query", bound="sa.Select[*tuple[Any, ...]]")


@dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event waiting in an outbox, its body already JSON."""

    sequence: int
    event_id: str
    event_type: str
    body: str
    headers: str


class Outbox:
    """The outbox and inbox tables of one service, bound to its metadata."""

    def __init__(self, metadata: sa.MetaData) -> None:
        self.outbox = sa.Table(
            "outbox",
            metadata,
            sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True),
            sa.Column("event_id", sa.Text, nullable=False, unique=True),
            sa.Column("event_type", sa.Text, nullable=False),
            sa.Column("body", sa.Text, nullable=False),
            sa.Column("headers", sa.Text, nullable=False),
            sa.Column("created_at", Instant, nullable=False),
        )
        self.inbox = sa.Table(
            "inbox",
            metadata,
            sa.Column("event_id", sa.Text, primary_key=True),
            sa.Column("applied_at", Instant, nullable=False),
        )

    def add(
        self,
        connection: Connection,
        event_type: str,
        event: msgspec.Struct,
        *,
        at: datetime,
        key: str,
    ) -> None:
        """Store an event in the caller's transaction; the same type and key again is the same event and kept once.

        The headers of the request being served are stored with it: whoever handles the event continues its trace.
        """
        row = {
            "event_id": derive_id(event_type, key),
            "event_type": event_type,
            "body": msgspec.json.encode(event).decode(),
            "headers": msgspec.json.encode(headers_of_event(event_type)).decode(),
            "created_at": at,
        }
        insert_missing(connection, self.outbox, [row])

    def claim(self, connection: Connection, limit: int, without: Iterable[str] = ()) -> list[StoredEvent]:
        """Return the oldest unpublished events, locked against other relays until the transaction ends.

        Events of the types `without` are left alone.
        """
        columns = self.outbox.c
        query = (
            sa.select(columns.sequence, columns.event_id, columns.event_type, columns.body, columns.headers)
            .order_by(columns.sequence)
            .limit(limit)
        )
        query = self._but(query, without)
        if connection.dialect.name == "postgresql":
            query = query.with_for_update(skip_locked=True)
        return [StoredEvent(*row) for row in connection.execute(query)]

    def forget(self, connection: Connection, events: Sequence[StoredEvent]) -> None:
        """Delete published events."""
        numbers = [event.sequence for event in events]
        connection.execute(sa.delete(self.outbox).where(self.outbox.c.sequence.in_(numbers)))

    def is_waiting(self, connection: Connection, without: Iterable[str] = ()) -> bool:
        """Whether an event of a type that is not among `without` waits to be published."""
        query = self._but(sa.select(self.outbox.c.sequence).limit(1), without)
        return connection.scalar(query) is not None

    def _but(self, query: Query, without: Iterable[str]) -> Query:
        types = list(without)
        return query.where(self.outbox.c.event_type.not_in(types)) if types else query

    def pending(self, connection: Connection) -> int:
        """Count events that wait to be published."""
        return int(connection.scalar(sa.select(sa.func.count()).select_from(self.outbox)) or 0)

    def first_time(self, connection: Connection, event_id: str, *, at: datetime) -> bool:
        """Note an arriving event in the caller's transaction; False when it was applied before."""
        seen = connection.scalar(sa.select(self.inbox.c.event_id).where(self.inbox.c.event_id == event_id))
        if seen is not None:
            return False
        insert_rows(connection, self.inbox, [{"event_id": event_id, "applied_at": at}])
        return True


def create_tables(op: Any) -> None:  # noqa: ANN401 - Alembic's operations proxy is untyped
    """Create outbox and inbox in a migration."""
    op.create_table(
        "outbox",
        sa.Column(
            "sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), primary_key=True, autoincrement=True
        ),
        sa.Column("event_id", sa.Text, nullable=False, unique=True),
        sa.Column("event_type", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("headers", sa.Text, nullable=False),
        sa.Column("created_at", Instant, nullable=False),
    )
    op.create_table(
        "inbox",
        sa.Column("event_id", sa.Text, primary_key=True),
        sa.Column("applied_at", Instant, nullable=False),
    )
