"""CRM, ISMP and the SMS gateway as the sandbox plays them: idempotent by order, and misbehaving as told."""

import json
from pathlib import Path
from typing import Any

import pytest

from services.workbench.sandbox.behaviour import Behaviour, System
from services.workbench.sandbox.book import Book
from services.workbench.sandbox.play import Play, Reply, What


class Operator:
    """Asks a sandbox in this process."""

    def __init__(self, path: str = ":memory:") -> None:
        self.now = 0.0
        self.waited: list[float] = []
        self.play = Play(Book(path), wait=self.waited.append, now=lambda: self.now)

    def ask(self, *names: str, system: System = "crm", what: What = "orders") -> Reply:
        each: list[dict[str, Any]] = [
            {"id": name, "to": "c", "text": "hello"}
            if what == "messages"
            else {"order_id": name, "customer_id": "c", "offering_id": "o", "products": ["crbt"]}
            for name in names
        ]
        field = "messages" if what == "messages" else "orders"
        return self.play.answer(system, what, json.dumps({field: each}).encode(), "key")

    def told(self, *names: str, system: System = "crm", what: What = "orders") -> dict[str, str]:
        rows = json.loads(self.ask(*names, system=system, what=what).body)["results"]
        return {row.get("order_id") or row["id"]: row["status"] for row in rows}

    def stands(self, name: str) -> tuple[str, int, int]:
        [row] = self.play.book.rows("orders", only=name)
        return row["state"], row["asked"], row["carried_out"]


def test_an_order_is_carried_out_once_however_often_it_is_asked_for() -> None:
    operator = Operator()
    assert operator.told("a", "b") == {"a": "done", "b": "done"}
    assert operator.told("a", "a") == {"a": "done"}
    assert operator.stands("a") == ("done", 2, 1)


def test_an_order_taken_back_stays_taken_back_even_if_it_comes_after_its_cancellation() -> None:
    operator = Operator()
    operator.told("a")
    assert operator.told("a", "late", what="cancellations") == {"a": "done", "late": "done"}
    assert operator.told("a", "late") == {"a": "refused", "late": "refused"}
    assert operator.stands("a") == ("cancelled", 3, 1)
    assert operator.stands("late") == ("cancelled", 2, 0)


def test_what_is_refused_stays_refused_when_the_system_mends_its_ways() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(refuse=1))
    assert operator.told("a") == {"a": "refused"}
    operator.play.behave("crm", Behaviour())
    assert operator.told("a") == {"a": "refused"}
    assert operator.told("a", system="ismp") == {"a": "done"}


def test_a_request_put_aside_is_carried_out_behind_later_ones() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(reorder=1))
    assert operator.ask("a").status == 504
    operator.play.behave("crm", Behaviour())
    assert operator.play.book.rows("orders") == []
    for name in ("c", "d", "e"):
        operator.told(name, system="ismp")
    assert operator.play.book.rows("orders", only="a") == [], "another system's requests do not pass it"
    for name in ("c", "d", "e"):
        operator.told(name)
    assert operator.stands("a") == ("done", 1, 1)


def test_a_request_told_twice_is_recognised() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(twice=1))
    operator.told("a")
    assert operator.play.flush() == 1
    assert operator.stands("a") == ("done", 2, 1)


def test_what_nothing_comes_behind_is_carried_out_after_two_seconds() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(reorder=1))
    operator.ask("a")
    operator.now = 1.9
    assert operator.play.sweep() == 0
    operator.now = 2
    assert operator.play.sweep() == 1


def test_an_answer_is_late_after_the_order_was_carried_out() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(late=3))
    operator.told("a")
    assert operator.waited == [3]
    assert operator.stands("a") == ("done", 1, 1)


def test_a_partial_answer_leaves_orders_out_that_may_have_been_carried_out() -> None:
    operator = Operator()
    operator.play.behave("crm", Behaviour(partial=0.5, seed=1))
    names = [f"o{number}" for number in range(40)]
    told = operator.told(*names)
    done = {row["order_id"] for row in operator.play.book.rows("orders")}
    assert 0 < len(told) < 40
    assert set(told) < done < set(names)


def test_cancellations_are_refused_as_told() -> None:
    operator = Operator()
    operator.told("a")
    operator.play.behave("crm", Behaviour(refuse_cancellations=1))
    assert operator.told("a", what="cancellations") == {"a": "refused"}
    assert operator.stands("a")[0] == "done"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"{", "truncated"),
        (b"\xff", "malformed"),
        (b'{"orders": [{"order_id": ""}]}', "$.orders[0].order_id"),
        (b'{"orders": [{"order_id": "a", "customer_id": "c"}]}', "offering_id"),
        (b'{"orders": [' + b'"x",' * 5_001 + b'"x"]}', "$.orders"),
    ],
)
def test_a_request_that_is_none_is_refused_with_the_place_and_noted(body: bytes, place: str) -> None:
    operator = Operator()
    reply = operator.play.answer("crm", "orders", body)
    assert (reply.status, place in json.loads(reply.body)["message"]) == (400, True)
    assert operator.play.book.rows("calls")[0]["status"] == 400


def test_messages_are_sent_once_and_their_receipts_come_due() -> None:
    operator = Operator()
    operator.play.behave("sms", Behaviour(receipt_after=5, receipt_twice=1))
    for _ in range(2):
        assert operator.told("m", system="sms", what="messages") == {"m": "accepted"}
    book = operator.play.book
    assert (book.receipts_due(4.9), book.receipts_due(5)) == ([], [("m", "delivered")])
    book.receipts_told([("m", 1, 6.0, "told")])
    assert (book.receipts_due(5), book.receipts_due(6)) == ([], [("m", "delivered")])
    book.receipts_told([("m", 1, 7.0, "told")])
    assert book.receipts_due(99) == []


def test_a_book_in_a_file_is_remembered_by_the_next_process(tmp_path: Path) -> None:
    first = Operator(str(tmp_path / "sandbox.sqlite"))
    first.play.behave("crm", Behaviour(refuse=1))
    first.told("a")
    first.play.book.close()
    second = Operator(str(tmp_path / "sandbox.sqlite"))
    assert second.told("a", "b") == {"a": "refused", "b": "refused"}
    second.play.book.forget()
    assert second.told("a") == {"a": "done"}


def test_old_calls_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("services.workbench.sandbox.book.MOST_CALLS", 3)
    operator = Operator()
    for name in "abcde":
        operator.ask(name)
    assert [row["number"] for row in operator.play.book.rows("calls")] == [5, 4, 3]
