"""Delivery receipts: told once each, again while channels is not ready for them, and given up when they are refused."""

from collections.abc import Sequence
from typing import Any

from services.workbench.sandbox.behaviour import Behaviour
from services.workbench.sandbox.book import Book
from services.workbench.sandbox.receipts import Receipts
from services.workbench.sandbox.requests import Message
from shared.kernel.faults import Fault, NotAllowed, NotFound, Unavailable


class Channels:
    """Answers by message id: what is left of `answers`, then well."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Fault]] = {}
        self.told: list[tuple[str, str]] = []

    def call_many(
        self, calls: Sequence[tuple[str, str, dict[str, Any]]], in_flight: int = 64, *, timeout: float = 30.0
    ) -> list[Any]:
        assert in_flight
        assert timeout
        return [self._answer(arguments["contact_id"], arguments["outcome"]) for _, _, arguments in calls]

    def _answer(self, name: str, outcome: str) -> Any:
        self.told.append((name, outcome))
        waiting = self.answers.get(name)
        return waiting.pop(0) if waiting else {}


class Centre:
    """A book with messages, channels that answer, and a clock."""

    def __init__(self, *names: str, **behaviour: float) -> None:
        self.now = 100.0
        self.book, self.channels = Book(), Channels()
        self.receipts = Receipts(self.book, self.channels, now=lambda: self.now)
        messages = [Message(name, "c", "hello") for name in names]
        self.book.accept(messages, Behaviour(receipt_after=2, **behaviour), self.now)

    def tell_at(self, now: float) -> int:
        self.now = now
        return self.receipts.tell_due()


def test_a_receipt_is_told_when_it_is_due_and_once() -> None:
    centre = Centre("a", "b")
    assert (centre.tell_at(101), centre.tell_at(102), centre.tell_at(200)) == (0, 2, 0)
    assert centre.channels.told == [("a", "delivered"), ("b", "delivered")]
    assert centre.book.rows("messages")[0]["receipt_note"] == "told"


def test_receipts_come_twice_or_never_as_told() -> None:
    twice, never = Centre("a", receipt_twice=1, unreachable=1), Centre("a", receipt_lost=1)
    assert (twice.tell_at(102), twice.tell_at(103), twice.tell_at(200)) == (1, 1, 0)
    assert twice.channels.told == [("a", "unreachable")] * 2
    assert never.tell_at(200) == 0


def test_a_receipt_that_comes_before_the_sending_is_noted_comes_again() -> None:
    centre = Centre("a")
    centre.channels.answers["a"] = [NotAllowed("not sent yet", details={"state": "sending"}), Unavailable("away")]
    assert (centre.tell_at(102), centre.tell_at(106), centre.tell_at(107), centre.tell_at(112)) == (0, 0, 0, 1)


def test_a_receipt_that_is_refused_for_good_is_given_up_with_the_reason() -> None:
    centre = Centre("a", "b", receipt_twice=1)
    centre.channels.answers = {
        "a": [NotFound("no such contact")],
        "b": [NotAllowed("closed", details={"state": "failed"})],
    }
    assert (centre.tell_at(102), centre.tell_at(200)) == (2, 0)
    assert {row["receipt_note"] for row in centre.book.rows("messages")} == {
        "not_found: no such contact",
        "not_allowed: closed",
    }
