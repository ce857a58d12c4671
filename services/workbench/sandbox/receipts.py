"""The SMS centre's delivery receipts: told to Banyan over the bus, once, twice or never, as an integrator would."""

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from services.workbench.sandbox.book import Book
from shared.kernel.faults import Fault

_GLANCE_SECONDS = 0.5
_AGAIN_SECONDS = 5.0
_BETWEEN_TWO_SECONDS = 1.0
_ALL = 99
_NOT_YET = frozenset({"waiting", "sending"})
Call = tuple[str, str, dict[str, object]]


class Caller(Protocol):
    """What is needed of the integrator's client."""

    def call_many(self, calls: Sequence[Call], in_flight: int = 64, *, timeout: float = 30.0) -> Sequence[Any]:
        """Return an answer or a Fault for each call."""
        ...


class Receipts:
    """Tells channels what became of messages: outcome `delivered` or `unreachable` of `channels.record_outcome`."""

    def __init__(self, book: Book, caller: Caller, *, now: Callable[[], float] = time.time) -> None:
        self._book, self._caller, self._now = book, caller, now

    def tell_due(self) -> int:
        """Tell the receipts that are due; return how many were settled.

        Where channels has not yet noted that the message was sent, or does not answer, it is told again 5 s later.
        """
        now = self._now()
        due = self._book.receipts_due(now)
        detail = "沙箱回执 / sandbox receipt"
        calls: list[Call] = [
            ("channels", "record_outcome", {"contact_id": name, "outcome": outcome, "detail": detail})
            for name, outcome in due
        ]
        answers = self._caller.call_many(calls) if calls else []
        told = [_noted(name, answer, now) for (name, _), answer in zip(due, answers, strict=True)]
        self._book.receipts_told(told)
        return sum(1 for _, settled, _, _ in told if settled)

    def keep_telling(self, stopping: threading.Event) -> None:
        """Tell what is due until `stopping` is set; a bus that is away is asked again."""
        while not stopping.wait(_GLANCE_SECONDS):
            try:
                self.tell_due()
            except Fault:
                stopping.wait(_AGAIN_SECONDS)


def _noted(name: str, answer: object, now: float) -> tuple[str, int, float, str]:
    """Return (id, how many receipts are settled, when the next is due, what came of it)."""
    if not isinstance(answer, Fault):
        return name, 1, now + _BETWEEN_TWO_SECONDS, "told"
    note = f"{answer.code}: {answer.message}"
    is_early = answer.code == "not_allowed" and answer.details.get("state") in _NOT_YET
    if is_early or answer.code in {"unavailable", "expired", "internal_fault"}:
        return name, 0, now + _AGAIN_SECONDS, note
    return name, _ALL, now, note
