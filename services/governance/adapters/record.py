"""The ledger read as a sequence of events, in pages: what a replay judges again."""

import heapq
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import groupby
from operator import itemgetter
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import REQUEST_COLUMNS, contact, decision, outcome, suppression
from services.governance.application.record import (
    LedgerEvent,
    RecordedBatch,
    RecordedOutcome,
    RecordedOverrun,
    RecordedPermit,
    RecordedSuppression,
)
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark
from services.governance.domain.instants import DAY
from shared.persistence.database import Database

_WIDTH = len(REQUEST_COLUMNS)
_PAGE = 5_000
_REMEMBERED = 100 * DAY  # contacts before the span that limits may still count
_OUTCOME = [outcome.c[name] for name in OutcomeMark._fields]
_PERMIT = ("expires_at", "contacted_at", "released_after", "confirmed_after")


class SqlLedgerRecord:
    """Reads the ledger in order; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def count(self, since: int, until: int) -> int:
        """Return how many verdicts were given in [since, until)."""
        with self._database.read() as connection:
            batches = sa.select(decision.c.decision_id).where(
                decision.c.decided_at >= since, decision.c.decided_at < until
            )
            return sum(
                int(connection.scalar(sa.select(sa.func.count()).where(table.c.decision_id.in_(batches))) or 0)
                for table in (contact, suppression)
            )

    def events(self, since: int, until: int) -> Iterator[LedgerEvent]:
        """Tell all verdicts of [since, until), and before them what their limits may still count."""
        with self._database.read() as connection, ExitStack() as stack:
            first = connection.scalar(sa.select(sa.func.min(decision.c.decision_id)).where(_given(since, until)))
            if first is None:
                return
            streams = (
                ((event.number, 0, event) for event in _batches(connection, stack, (since, until), first)),
                ((event.after, 1, event) for event in _outcomes(connection, stack)),
                ((event.after, 2, event) for event in _overruns(connection, stack)),
            )
            merged: Iterator[tuple[int, int, LedgerEvent]] = heapq.merge(*streams, key=itemgetter(0, 1))
            for _, _, event in merged:
                yield event


def _given(since: int, until: int) -> sa.ColumnElement[bool]:
    return sa.and_(decision.c.decided_at >= since, decision.c.decided_at < until)


def _batches(connection: Connection, stack: ExitStack, span: tuple[int, int], first: int) -> Iterator[RecordedBatch]:
    since, until = span
    permitted = sa.select(
        contact.c.decision_id, *(contact.c[name] for name in REQUEST_COLUMNS), *(contact.c[name] for name in _PERMIT)
    ).where(contact.c.decision_id > 0, sa.or_(contact.c.decision_id >= first, contact.c.last_at >= since - _REMEMBERED))
    refused = sa.select(
        suppression.c.decision_id, *(suppression.c[name] for name in REQUEST_COLUMNS), suppression.c.findings
    ).where(suppression.c.decision_id >= first)
    permits = _Grouped(_stream(connection, stack, permitted.order_by(contact.c.decision_id, contact.c.contact_id)))
    refusals = _Grouped(
        _stream(connection, stack, refused.order_by(suppression.c.decision_id, suppression.c.contact_id))
    )
    columns = [decision.c[name] for name in ("decision_id", "decided_at", "rule_set", "marks", "overrides")]
    stamps = sa.select(*columns).where(decision.c.decided_at < until).order_by(decision.c.decision_id)
    for number, decided_at, rule_set, marks, overrides in _stream(connection, stack, stamps):
        yield RecordedBatch(
            number=number,
            decided_at=decided_at,
            rule_set=rule_set,
            marks=msgspec.convert(marks or [], list[ListMark]),
            overrides=msgspec.convert(overrides or [], list[OverrideMark]),
            permits=[_permit(row) for row in permits.at(number)],
            suppressions=[_suppression(row) for row in refusals.at(number)],
            is_history=number < first,
        )


def _outcomes(connection: Connection, stack: ExitStack) -> Iterator[RecordedOutcome]:
    query = sa.select(outcome.c.recorded_after, outcome.c.contact_id, *_OUTCOME).order_by(
        outcome.c.recorded_after, outcome.c.contact_id, outcome.c.at, outcome.c.outcome
    )
    for after, contact_id, *mark in _stream(connection, stack, query):
        yield RecordedOutcome(after, contact_id, OutcomeMark._make(mark))


def _overruns(connection: Connection, stack: ExitStack) -> Iterator[RecordedOverrun]:
    columns = [contact.c[name] for name in REQUEST_COLUMNS]
    query = (
        sa.select(contact.c.confirmed_after, *columns, contact.c.contacted_at)
        .where(contact.c.decision_id == 0)
        .order_by(contact.c.confirmed_after, contact.c.contact_id)
    )
    for after, *request, contacted_at in _stream(connection, stack, query):
        yield RecordedOverrun(after, Contact._make(request), contacted_at)


def _stream(connection: Connection, stack: ExitStack, query: sa.Select[Any]) -> Iterator[Any]:
    result = stack.enter_context(connection.execute(query, execution_options={"yield_per": _PAGE}))
    yield from result


class _Grouped:
    """Rows in order of their first column, handed out by its value; values must be asked for in order."""

    def __init__(self, rows: Iterator[Any]) -> None:
        self._groups = groupby(rows, key=itemgetter(0))
        self._next = next(self._groups, None)

    def at(self, number: int) -> list[Any]:
        while self._next is not None and self._next[0] < number:
            self._next = next(self._groups, None)
        if self._next is None or self._next[0] != number:
            return []
        found = list(self._next[1])
        self._next = next(self._groups, None)
        return found


def _permit(row: Any) -> RecordedPermit:  # noqa: ANN401 - a row
    return RecordedPermit(Contact._make(row[1 : 1 + _WIDTH]), *row[1 + _WIDTH :])


def _suppression(row: Any) -> RecordedSuppression:  # noqa: ANN401 - a row
    findings = row[1 + _WIDTH]
    return RecordedSuppression(Contact._make(row[1 : 1 + _WIDTH]), [each[0] for each in findings])
