"""Orders in a database: PostgreSQL or SQLite."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.channels.adapters.tables import OPEN, WORKABLE, dispatch_order, outbox, progress
from services.channels.domain.order import Order
from services.channels.domain.progress import Progress, Standing, beginning
from services.channels.domain.words import Channel
from shared.persistence.bulk import insert_missing, upsert_rows
from shared.persistence.database import Database, in_keys

_ORDER = tuple(dispatch_order.c)
_ORDER_NAMES = tuple(column.name for column in _ORDER)
_order_values = attrgetter(*_ORDER_NAMES)
_PROGRESS = tuple(
    progress.c[name]
    for name in (
        "contact_id",
        "state",
        "due_at",
        "attempted",
        "lease",
        "leased_until",
        "sent_at",
        "outcome",
        "detail",
        "answered_at",
        "simulated",
    )
)
_BOTH = sa.select(*_ORDER, *_PROGRESS).join_from(
    progress, dispatch_order, progress.c.contact_id == dispatch_order.c.contact_id
)


_EARLIEST = (progress.c.due_at, progress.c.contact_id)


class SqlStore:
    """Keeps orders in this service's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def unit(self) -> Iterator["SqlUnit"]:
        """Open a write transaction."""
        with self._database.write() as connection:
            yield SqlUnit(connection)

    def due(self, until: datetime, machine_now: datetime, limit: int, *, only_sent: bool = False) -> list[Standing]:
        """Return the first orders due at `until` that nobody leases, as they stand now."""
        query = _BOTH.where(*_due(until, machine_now)).order_by(*_EARLIEST).limit(limit)
        if only_sent:
            query = query.where(progress.c.state == "sent")
        with self._database.read() as connection:
            return [_standing(row) for row in connection.execute(query)]

    def worklist(self, channel: Channel, now: datetime, limit: int) -> list[Standing]:
        """Return orders of a channel that a person can work now, oldest first."""
        query = (
            _BOTH.where(WORKABLE, progress.c.channel == channel)
            .where(progress.c.planned_at <= now, progress.c.expires_at >= now)
            .order_by(progress.c.planned_at, progress.c.contact_id)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_standing(row) for row in connection.execute(query)]


class SqlUnit:
    """One write transaction on the orders."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, orders: Sequence[Order]) -> None:
        """Keep the orders not yet known, each at its beginning."""
        # In order of their keys, so that two callers with the same orders wait for one another and do not deadlock.
        ordered = sorted(orders, key=lambda order: order.contact_id)
        insert_missing(self._connection, dispatch_order, [_order_row(order) for order in ordered])
        insert_missing(self._connection, progress, [_beginning_row(order) for order in ordered])

    def due(self, contact_ids: Sequence[str], until: datetime, machine_now: datetime) -> list[Standing]:
        """Return those of the orders that are still due and that nobody holds or leases, locked."""
        query = _BOTH.where(in_keys(progress.c.contact_id, contact_ids), *_due(until, machine_now))
        return self._locked(query.order_by(*_EARLIEST), skip=True)

    def held(self, lease: str) -> list[Standing]:
        """Return the orders still leased under this name, locked."""
        return self._locked(_BOTH.where(progress.c.lease == lease), skip=False)

    def one(self, contact_id: str) -> Standing | None:
        """Return one order, locked, or None."""
        found = self._locked(_BOTH.where(progress.c.contact_id == contact_id), skip=False)
        return found[0] if found else None

    def workable(self, contact_ids: Sequence[str]) -> list[Standing]:
        """Return those of the orders that a person could still work, locked."""
        query = _BOTH.where(WORKABLE, in_keys(progress.c.contact_id, contact_ids))
        return self._locked(query.order_by(progress.c.contact_id), skip=False)

    def save(self, standings: Sequence[Standing]) -> None:
        """Overwrite how far these orders have come."""
        upsert_rows(self._connection, progress, [_progress_row(item.order, item.progress) for item in standings])

    def tell(self, event_type: str, event: msgspec.Struct, *, at: datetime, key: str) -> None:
        """Put an event into the outbox."""
        outbox.add(self._connection, event_type, event, at=at, key=key)

    def _locked(self, query: sa.Select[Any], *, skip: bool) -> list[Standing]:
        if self._connection.dialect.name == "postgresql":
            query = query.with_for_update(of=progress, skip_locked=skip)
        return [_standing(row) for row in self._connection.execute(query)]


def _due(until: datetime, machine_now: datetime) -> tuple[sa.ColumnElement[bool], ...]:
    columns = progress.c
    is_free = columns.leased_until.is_(None) | (columns.leased_until <= machine_now)
    return OPEN, columns.due_at <= until, is_free


def _standing(row: sa.Row[Any]) -> Standing:
    values = tuple(row)
    return Standing(Order(*values[: len(_ORDER)]), Progress(*values[len(_ORDER) :]))


def _order_row(order: Order) -> dict[str, object]:
    return dict(zip(_ORDER_NAMES, _order_values(order), strict=True))


def _beginning_row(order: Order) -> dict[str, object]:
    """Name only what a beginning sets; the table's defaults are the rest of it."""
    begun = beginning(order)
    return {
        "contact_id": order.contact_id,
        "channel": order.channel,
        "planned_at": order.planned_at,
        "expires_at": order.expires_at,
        "state": begun.state,
        "due_at": begun.due_at,
    }


def _progress_row(order: Order, reached: Progress) -> dict[str, object]:
    return {
        "contact_id": order.contact_id,
        "channel": order.channel,
        "planned_at": order.planned_at,
        "expires_at": order.expires_at,
        "state": reached.state,
        "due_at": reached.due_at,
        "attempted": reached.attempted,
        "lease": reached.lease,
        "leased_until": reached.leased_until,
        "sent_at": reached.sent_at,
        "outcome": reached.outcome,
        "detail": reached.detail,
        "answered_at": reached.answered_at,
        "simulated": reached.simulated,
    }
