"""Files of BOSS into the store: thousands of rows a transaction, together with how far the file has been read.

Whatever ends a run, the next one goes on behind the last row stored: rows, events, position and the length of the
file with the refusals belong to one transaction.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import msgspec

from services.customer_view.application.faults import FeedMismatch
from services.customer_view.application.feed_columns import MapReading
from services.customer_view.application.feed_ports import (
    Ahead,
    Encoding,
    FactRows,
    FeedFiles,
    FeedOutcome,
    FileOrder,
    OpenRejects,
    Progress,
    ReadRows,
    Rejects,
)
from services.customer_view.application.feed_state import KEPT_REJECTS, NOWHERE, Feeds, FeedState
from services.customer_view.application.meeting import insisting
from services.customer_view.application.ports import ColumnMaps, RowChunk, Rules, SeenIdsFactory
from services.customer_view.domain.column_map import ColumnMap
from shared.kernel.clock import Clock
from shared.kernel.faults import Fault
from shared.rulekit.model import RuleBook

BATCH = 10_000
"""Rows of one transaction, about; its subscribers are locked while it lasts, some 0.4 s."""


class FeedTransaction(Protocol):
    """One transaction, under one rule book."""

    @property
    def feeds(self) -> Feeds:
        """Where feeds stand."""
        ...

    def load(self, rows: FactRows, *, at: datetime, on: date, fresh: Callable[[], str]) -> int:
        """Store facts in the store's form, tell whom that changed, and return how many those were."""
        ...


class FeedStore(Protocol):
    """The service's database, as feeds use it."""

    encoding: Encoding

    def write(self, book: RuleBook) -> AbstractContextManager[FeedTransaction]:
        """Open a transaction that commits at the end of the block and rolls back on any exception."""
        ...


class FileFeeds:
    """Loads files; the same file again is told as such and changes nothing."""

    def __init__(
        self,
        *,
        store: FeedStore,
        rules: Rules,
        clock: Clock,
        zone: ZoneInfo,
        fresh: Callable[[], str],
        files: FeedFiles,
        column_maps: ColumnMaps,
        seen_ids: SeenIdsFactory,
        rejects: OpenRejects,
        ahead: Ahead[ReadRows],
    ) -> None:
        self._store, self._rules, self._clock, self._zone, self._fresh = store, rules, clock, zone, fresh
        self._files, self._column_maps, self._seen_ids = files, column_maps, seen_ids
        self._rejects, self._ahead = rejects, ahead

    def load(self, order: FileOrder, progress: Progress = lambda _state: None) -> FeedOutcome:
        """Load a file of subscribers, or what of it is not yet loaded; `progress` is called after each transaction.

        Rows and cells are refused as `FileImport` refuses them. Raises UnreadableFile, RuleFaults for a faulty map,
        FeedTaken, FeedMismatch and RejectsLost; a file that breaks off is `incomplete`.
        """
        book = self._rules.current()
        column_map = self._column_maps.read(order.column_map, book.vocabulary)
        fingerprint = f"{self._files.fingerprint(order.path)}-{self._files.fingerprint(order.column_map)[-16:]}"
        there = self._find(order.name, book)
        is_same = there is not None and there.fingerprint == fingerprint and not order.is_again
        if there is not None and is_same and there.finished_at is not None and not there.incomplete:
            return FeedOutcome(there, there.rows, was_loaded=True)
        state = there if there is not None and is_same else self._begin(order, fingerprint, book)
        resumed_from = state.rows
        reading = self._read(order, column_map, book, state.position)
        with self._rejects(state.rejects, state.rejects_bytes) as rejects, self._ahead(reading) as stretches:
            for stretch in stretches:
                state = self._store_rows(book, state, stretch, rejects)
                progress(state)
        return FeedOutcome(self._finish(book, state), resumed_from)

    def _find(self, name: str, book: RuleBook) -> FeedState | None:
        with self._store.write(book) as transaction:
            there = transaction.feeds.find(name)
        if there is not None and there.kind != "customers":
            message = f"{name!r} is a feed of {there.kind}: give this file another name"
            raise FeedMismatch(message, details={"field": "name"})
        return there

    def _begin(self, order: FileOrder, fingerprint: str, book: RuleBook) -> FeedState:
        now = self._clock.now()
        state = FeedState(
            name=order.name,
            kind="customers",
            source=order.path.name,
            fingerprint=fingerprint,
            started_at=now,
            moved_at=now,
            rejects=str(order.rejects or ""),
        )
        with self._store.write(book) as transaction:
            transaction.feeds.begin(state)
        return state

    def _read(self, order: FileOrder, column_map: ColumnMap, book: RuleBook, reached: int) -> Iterator[ReadRows]:
        """Yield what lies behind `reached`; a file that breaks off ends with a stretch that says so."""
        with self._seen_ids() as seen, self._files.open_chunks(order.path, column_map, BATCH) as chunks:
            reading = MapReading(column_map, book.vocabulary, self._store.encoding, seen)
            end = NOWHERE
            try:
                for chunk in chunks:
                    end = chunk.end
                    before, behind = parted(chunk, reached)
                    if before is not None:
                        reading.pass_over(before)
                    if behind is not None:
                        yield reading.read(behind)
            except Fault as fault:
                if end == NOWHERE:
                    raise
                yield ReadRows(FactRows([], {}), 0, 0, 0, Counter(), [], max(end, reached), fault.message)

    def _store_rows(self, book: RuleBook, state: FeedState, stretch: ReadRows, rejects: Rejects) -> FeedState:
        length = rejects.write(stretch.rejects)

        def store() -> FeedState:
            now = self._clock.now()
            with self._store.write(book) as transaction:
                today = now.astimezone(self._zone).date()
                changed = transaction.load(stretch.rows, at=now, on=today, fresh=self._fresh)
                after = _moved(state, stretch, changed, length, now)
                transaction.feeds.move(state, after)
            return after

        return insisting(store)

    def _finish(self, book: RuleBook, state: FeedState) -> FeedState:
        now = self._clock.now()
        after = msgspec.structs.replace(state, moved_at=now, finished_at=now)
        with self._store.write(book) as transaction:
            transaction.feeds.move(state, after)
        return after


def parted(chunk: RowChunk, reached: int) -> tuple[RowChunk | None, RowChunk | None]:
    """Part a chunk into the rows that begin at or before a line of the file and those behind; None for no rows."""
    if chunk.end <= reached:
        return chunk, None
    cut = sum(line <= reached for line in chunk.lines) if chunk.lines and chunk.lines[0] <= reached else 0
    if not cut and all(fault.line > reached for fault in chunk.faults):
        return None, chunk
    first = {name: cells[:cut] for name, cells in chunk.columns.items()}
    rest = {name: cells[cut:] for name, cells in chunk.columns.items()}
    faults = [fault for fault in chunk.faults if fault.line > reached]
    before = replace(chunk, lines=chunk.lines[:cut], columns=first, faults=[], end=reached)
    return before, replace(chunk, lines=chunk.lines[cut:], columns=rest, faults=faults)


def _moved(state: FeedState, stretch: ReadRows, changed: int, rejects_bytes: int, now: datetime) -> FeedState:
    unknown = Counter(state.unknown) + stretch.unknown
    return msgspec.structs.replace(
        state,
        moved_at=now,
        finished_at=None,
        incomplete=stretch.incomplete,
        position=stretch.end,
        rows=state.rows + stretch.count,
        written=state.written + stretch.count - stretch.refused,
        changed=state.changed + changed,
        refused=state.refused + stretch.refused,
        bad_cells=state.bad_cells + stretch.bad_cells,
        unknown=dict(sorted(unknown.items())),
        rejects_bytes=rejects_bytes,
        last_rejects=[*state.last_rejects, *stretch.rejects[-KEPT_REJECTS:]][-KEPT_REJECTS:],
    )
