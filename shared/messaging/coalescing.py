"""Gather concurrent single questions into one batch question."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from shared.kernel.faults import Fault, Unavailable

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Ticket(Generic[Item, Answer]):
    item: Item
    done: threading.Event = field(default_factory=threading.Event)
    answer: Answer | None = None
    fault: Exception | None = None


class Coalescer(Generic[Item, Answer]):
    """Turns many concurrent `ask(item)` into few `batch_call(items)`; safe for green threads and plain ones.

    The first of a batch waits up to `max_wait_seconds` for company, then asks for all; while `max_batches` batches
    are under way the next one keeps filling, so that load makes batches larger instead of more. `batch_call`
    answers item by item, in order; a Fault among the answers is raised for its item alone. When the batch call
    itself fails, all of its callers get that failure.
    """

    def __init__(
        self,
        batch_call: Callable[[Sequence[Item]], Sequence[Answer | Fault]],
        max_items: int,
        max_wait_seconds: float,
        *,
        max_batches: int = 4,
        patience_seconds: float = 60.0,
    ) -> None:
        if max_items < 1:
            raise ValueError("a batch holds at least one item")
        self._batch_call = batch_call
        self._max_items = max_items
        self._max_wait = max_wait_seconds
        self._patience = patience_seconds
        self._lock = threading.Lock()
        self._filled = threading.Event()
        self._waiting: list[_Ticket[Item, Answer]] = []
        self._slots = threading.BoundedSemaphore(max_batches)
        self._has_leader = False

    def ask(self, item: Item) -> Answer:
        """Return the answer to one item; raises its fault, or the failure of the batch call."""
        ticket: _Ticket[Item, Answer] = _Ticket(item)
        with self._lock:
            self._waiting.append(ticket)
            leads, self._has_leader = not self._has_leader, True
            if len(self._waiting) >= self._max_items:
                self._filled.set()
        if leads:
            self._lead()
        if not ticket.done.wait(self._patience):
            raise Unavailable(f"no answer to a batched question within {self._patience:g} s")
        if ticket.fault is not None:
            raise ticket.fault
        return ticket.answer  # type: ignore[return-value]  # set, since there is no fault

    def _lead(self) -> None:
        """Send batches until the caller's own is among them and nobody is left without a leader."""
        self._filled.wait(self._max_wait)
        while True:
            with self._slots:
                with self._lock:
                    batch, self._waiting = self._waiting[: self._max_items], self._waiting[self._max_items :]
                    if len(self._waiting) < self._max_items:
                        self._filled.clear()
                    self._has_leader = more = bool(self._waiting)
                self._send(batch)
            if not more:
                return

    def _send(self, batch: Sequence[_Ticket[Item, Answer]]) -> None:
        try:
            answers = self._batch_call([ticket.item for ticket in batch])
            if len(answers) != len(batch):
                raise Fault(f"asked {len(batch)} questions, got {len(answers)} answers")  # noqa: TRY301 - told to all
        except Exception as fault:  # noqa: BLE001 - raised again for every caller of the batch
            for ticket in batch:
                ticket.fault = fault
                ticket.done.set()
            return
        for ticket, answer in zip(batch, answers, strict=True):
            if isinstance(answer, Fault):
                ticket.fault = answer
            else:
                ticket.answer = answer
            ticket.done.set()
