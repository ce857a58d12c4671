"""Records of BOSS, one message after the other: from a file of JSON lines, or from a stream that does not end.

A message is a JSON object, or an array of them. Its records are applied by the use cases that also answer RPC; the
position moves in the same transaction, so each message is applied once, whatever ends a run.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec

from services.customer_view.application.faults import FeedMismatch
from services.customer_view.application.feed_ports import (
    FeedOutcome,
    FileOrder,
    MessageFiles,
    OpenRejects,
    Progress,
    Rejects,
    Stream,
)
from services.customer_view.application.feed_state import KEPT_REJECTS, NOWHERE, FeedState, Kind, Message, Reject
from services.customer_view.application.meeting import insisting
from services.customer_view.application.ports import Store, Transaction
from services.customer_view.application.use_cases import UseCases
from services.customer_view.domain.redaction import redacted
from shared.contracts.customer_view import CustomerEvent, CustomerOrder, CustomerRecord, UpsertResult
from shared.contracts.wire import BULK_LIMIT
from shared.kernel.clock import Clock
from shared.kernel.faults import Fault

MOST_MESSAGES = 2_000
"""Messages of one transaction at most."""
_SHAPES: dict[Kind, type[Any]] = {"customers": CustomerRecord, "orders": CustomerOrder, "events": CustomerEvent}


@dataclass(slots=True)
class _Batch:
    records: list[Any] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    """For each record the line or offset of its message."""
    rejects: list[Reject] = field(default_factory=list)
    end: int = NOWHERE
    incomplete: str = ""


class RecordFeeds:
    """Applies messages to the service's own store."""

    def __init__(
        self, *, use_cases: UseCases, store: Store, clock: Clock, files: MessageFiles, rejects: OpenRejects
    ) -> None:
        self._use_cases, self._store, self._clock = use_cases, store, clock
        self._files, self._rejects = files, rejects

    def load(self, kind: Kind, order: FileOrder, progress: Progress = lambda _state: None) -> FeedOutcome:
        """Load a file of JSON lines, or what of it is not yet loaded; `progress` is called after each transaction.

        Raises UnreadableFile, FeedTaken, FeedMismatch and RejectsLost; a file that breaks off is `incomplete`.
        """
        fingerprint = self._files.fingerprint(order.path)
        there = None if order.is_again else self._find(order.name, kind)
        if there is not None and there.fingerprint == fingerprint:
            if there.finished_at is not None and not there.incomplete:
                return FeedOutcome(there, there.rows, was_loaded=True)
            state = there
        else:
            state = self._begin(order.name, kind, order.path.name, fingerprint, str(order.rejects or ""))
        resumed_from = state.rows
        with self._rejects(state.rejects, state.rejects_bytes) as rejects:
            with self._files.open_messages(order.path, state.position) as messages:
                for batch in _until_broken(_batches(kind, messages), state.position):
                    state = self._apply(state, batch, rejects)
                    progress(state)
            done = msgspec.structs.replace(state, finished_at=self._clock.now())
            with self._store.write(self._use_cases.book) as transaction:
                transaction.feeds.move(state, done)
        return FeedOutcome(done, resumed_from)

    def follow(
        self,
        kind: Kind,
        name: str,
        stream: Stream,
        rejects_path: str,
        *,
        is_again: bool = False,
        progress: Progress = lambda _state: None,
    ) -> FeedState:
        """Apply what a stream tells until it ends; begin behind what was applied before, or at its first message.

        Messages are acknowledged once they are stored. Raises Unavailable when the broker is lost, and FeedTaken.
        """
        there = None if is_again else self._find(name, kind)
        state = there or self._begin(name, kind, stream.name, stream.name, rejects_path)
        with self._rejects(state.rejects, state.rejects_bytes) as rejects:
            for messages in stream.batches(state.position, MOST_MESSAGES):
                for batch in _batches(kind, messages):
                    state = self._apply(state, batch, rejects)
                stream.acknowledge()
                progress(state)
        return state

    def _find(self, name: str, kind: Kind) -> FeedState | None:
        with self._store.write(self._use_cases.book) as transaction:
            there = transaction.feeds.find(name)
        if there is not None and there.kind != kind:
            message = f"{name!r} is a feed of {there.kind}: choose another name"
            raise FeedMismatch(message, details={"field": "name"})
        return there

    def _begin(self, name: str, kind: Kind, source: str, fingerprint: str, rejects: str) -> FeedState:
        now = self._clock.now()
        state = FeedState(
            name=name,
            kind=kind,
            source=source,
            fingerprint=fingerprint,
            started_at=now,
            moved_at=now,
            rejects=rejects,
        )
        with self._store.write(self._use_cases.book) as transaction:
            transaction.feeds.begin(state)
        return state

    def _apply(self, state: FeedState, batch: _Batch, rejects: Rejects) -> FeedState:
        now = self._clock.now()
        moved: list[FeedState] = []

        def note(transaction: Transaction, result: UpsertResult) -> None:
            refused = {fault.index for fault in result.faults}
            told = [
                *batch.rejects,
                *(Reject(batch.places[one.index], one.field, redacted(one.message)) for one in result.faults),
            ]
            told.sort(key=lambda reject: reject.line)
            after = _moved(state, batch, result.written, len(refused), told, now)
            after = msgspec.structs.replace(after, rejects_bytes=rejects.write(told))
            transaction.feeds.move(state, after)
            moved.append(after)

        # Writers meet in the subscribers, before `note` writes refusals.
        insisting(lambda: self._use_case(state.kind)(batch.records, also=note))
        return moved[-1]

    def _use_case(self, kind: Kind) -> Callable[..., UpsertResult]:
        if kind == "customers":
            return self._use_cases.upsert_customers
        return self._use_cases.record_orders if kind == "orders" else self._use_cases.triggers.record_events


def records_of(kind: Kind, message: Message) -> tuple[list[Any], list[Reject]]:
    """Return the records of a message, and what is wrong with the others."""
    records, rejects = [], []
    try:
        decoded = msgspec.json.decode(message.body)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        return [], [Reject(message.position, "message", redacted(f"malformed: {fault}"))]
    parts = decoded if isinstance(decoded, list) else [decoded]
    if len(parts) > BULK_LIMIT:
        reason = f"too_many: {len(parts)} records are more than one message may carry ({BULK_LIMIT})"
        return [], [Reject(message.position, "message", reason)]
    for part in parts:
        try:
            records.append(msgspec.convert(part, _SHAPES[kind]))
        except msgspec.ValidationError as fault:
            rejects.append(Reject(message.position, "message", redacted(f"malformed: {fault}")))
    return records, rejects


def _batches(kind: Kind, messages: Iterable[Message]) -> Iterator[_Batch]:
    """Put messages together, as many as one transaction takes."""
    batch, count = _Batch(), 0
    for message in messages:
        records, rejects = records_of(kind, message)
        if count and (len(batch.records) + len(records) > BULK_LIMIT or count == MOST_MESSAGES):
            yield batch
            batch, count = _Batch(), 0
        count += 1
        batch.records += records
        batch.places += [message.position] * len(records)
        batch.rejects += rejects
        batch.end = message.position
    if count:
        yield batch


def _until_broken(batches: Iterator[_Batch], reached: int) -> Iterator[_Batch]:
    """Pass batches on; a fault behind the first ends the file instead of losing what was read."""
    try:
        for batch in batches:
            reached = batch.end
            yield batch
    except Fault as fault:
        if reached == NOWHERE:
            raise
        yield _Batch(end=reached, incomplete=fault.message)


def _moved(
    state: FeedState, batch: _Batch, written: int, refused: int, rejects: Sequence[Reject], now: datetime
) -> FeedState:
    return msgspec.structs.replace(
        state,
        moved_at=now,
        finished_at=None,
        incomplete=batch.incomplete,
        position=batch.end,
        rows=state.rows + len(batch.records) + len(batch.rejects),
        written=state.written + written,
        changed=state.changed + written,
        refused=state.refused + refused + len(batch.rejects),
        last_rejects=[*state.last_rejects, *rejects][-KEPT_REJECTS:],
    )
