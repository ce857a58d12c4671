"""CRM and ISMP over HTTP: both halves or none, idempotent, nothing given up in the dark."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

import httpx
import pytest

from services.campaigns.adapters.fulfilment_http import HttpFulfilment
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from shared.kernel.faults import Unavailable

NOW = datetime(2026, 3, 2, tzinfo=UTC)
CATALOGUE = {"tone": Offering("tone", "铃", "tone", "crbt", products=("crbt",))}
ORDERS = [
    SalesOrder(name, f"customer of {name}", "a", "p1", "main", "only", "tone", accepted_at=NOW, due_at=NOW)
    for name in ("one", "two", "three")
]


class Systems:
    """CRM and ISMP: what each refuses, and which address is down."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, list[str], str]] = []
        self.refused: dict[str, set[str]] = {}
        self.down: set[str] = set()
        self.choke: set[str] = set()
        self.break_answer: Callable[[list[dict[str, str]]], object] = lambda results: {"results": results}

    def answer(self, request: httpx.Request) -> httpx.Response:
        address = f"{request.url.host}{request.url.path}"
        names = [each["order_id"] for each in json.loads(request.content)["orders"]]
        self.calls.append((address, names, request.headers["Idempotency-Key"]))
        if address in self.down:
            raise httpx.ConnectTimeout("too slow", request=request)
        if self.choke.intersection(names):
            return httpx.Response(400)
        results = [
            {"order_id": name, "status": "refused" if name in self.refused.get(address, ()) else "done"}
            for name in names
        ]
        return httpx.Response(200, json=self.break_answer(results))

    def carry_out(self) -> list[FulfilmentResult]:
        client = httpx.Client(transport=httpx.MockTransport(self.answer))
        return HttpFulfilment(client, "http://crm/", "http://ismp").carry_out(ORDERS, CATALOGUE, {})


def fulfilled(results: list[FulfilmentResult]) -> list[bool]:
    return [each.is_fulfilled for each in results]


def test_both_halves_are_asked_for_in_one_batch_each() -> None:
    systems = Systems()
    assert fulfilled(systems.carry_out()) == [True, True, True]
    assert [call[:2] for call in systems.calls] == [
        ("crm/orders", ["one", "two", "three"]),
        ("ismp/orders", ["one", "two", "three"]),
    ]


def test_asking_again_carries_the_same_keys() -> None:
    systems = Systems()
    systems.carry_out()
    systems.carry_out()
    keys = [call[2] for call in systems.calls]
    assert keys[:2] == keys[2:]
    assert keys[0] != keys[1]


def test_what_crm_refuses_never_reaches_ismp() -> None:
    systems = Systems()
    systems.refused["crm/orders"] = {"two"}
    results = systems.carry_out()
    assert fulfilled(results) == [True, False, True]
    assert not results[1].retry
    assert systems.calls[1][1] == ["one", "three"]


def test_what_ismp_refuses_is_taken_back_in_crm() -> None:
    systems = Systems()
    systems.refused["ismp/orders"] = {"three"}
    results = systems.carry_out()
    assert fulfilled(results) == [True, True, False]
    assert not results[2].retry
    assert systems.calls[2][:2] == ("crm/cancellations", ["three"])


def test_a_half_that_cannot_be_taken_back_is_not_given_up() -> None:
    systems = Systems()
    systems.refused["ismp/orders"] = {"three"}
    systems.down = {"crm/cancellations"}
    assert [each.retry for each in systems.carry_out()] == [False, False, True]
    systems.down = set()
    systems.refused["crm/cancellations"] = {"three"}
    assert [each.retry for each in systems.carry_out()] == [False, False, True]


def test_when_ismp_does_not_answer_the_orders_stay_open() -> None:
    systems = Systems()
    systems.refused["crm/orders"] = {"one"}
    systems.down = {"ismp/orders"}
    results = systems.carry_out()
    assert fulfilled(results) == [False, False, False]
    assert [each.retry for each in results] == [False, True, True]


def test_when_crm_does_not_answer_nothing_is_done() -> None:
    systems = Systems()
    systems.down = {"crm/orders"}
    with pytest.raises(Unavailable):
        systems.carry_out()
    assert len(systems.calls) == 1


@pytest.mark.parametrize("broken", [lambda _: {"rows": []}, lambda _: [], lambda _: "done"])
def test_an_answer_that_is_not_one_counts_as_none(broken: Callable[[list[dict[str, str]]], object]) -> None:
    systems = Systems()
    systems.break_answer = broken
    with pytest.raises(Unavailable):
        systems.carry_out()


def test_an_order_the_answer_leaves_out_is_asked_for_again_and_holds_up_no_other() -> None:
    systems = Systems()
    systems.break_answer = lambda results: {"results": [each for each in results if each["order_id"] != "two"]}
    results = systems.carry_out()
    assert fulfilled(results) == [True, False, True]
    assert results[1].retry
    assert systems.calls[1][1] == ["one", "three"]


@pytest.mark.parametrize(
    "rows",
    [
        [{"order_id": "one", "status": "pending"}],
        [{"order_id": "one", "status": "done"}, {"order_id": "one", "status": "refused"}],
        [{"order_id": "one", "status": 3}],
        [{"order_id": "another", "status": "done"}],
    ],
)
def test_an_order_without_a_clear_answer_of_ismp_stays_open_and_is_not_taken_back(
    rows: list[dict[str, object]],
) -> None:
    systems = Systems()
    systems.break_answer = lambda results: {
        "results": [*results[1:], *(rows if systems.calls[-1][0] == "ismp/orders" else results[:1])]
    }
    results = systems.carry_out()
    assert fulfilled(results) == [False, True, True]
    assert results[0].retry
    assert [call[0] for call in systems.calls] == ["crm/orders", "ismp/orders"]


def test_one_order_a_system_cannot_stomach_does_not_hold_up_the_others() -> None:
    systems = Systems()
    systems.choke = {"three"}
    results = systems.carry_out()
    assert fulfilled(results) == [True, True, False]
    assert (results[2].retry, results[2].fault) == (True, "CRM: the request was refused: HTTP 400")


@pytest.mark.parametrize("content", [b"\xff", b'{"x": ' + b"[" * 100_000, b"<html>", b""])
def test_an_answer_nobody_can_read_counts_as_none_whatever_it_holds(content: bytes) -> None:
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=content)))
    with pytest.raises(Unavailable):
        HttpFulfilment(client, "http://crm", "http://ismp").carry_out(ORDERS, CATALOGUE, {})


def test_an_answer_that_drips_or_never_ends_counts_as_none() -> None:
    seconds = iter(range(0, 1_000, 7))
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=iter([b" "] * 100))))
    dripping = HttpFulfilment(client, "http://crm", "http://ismp", seconds=20, now=lambda: float(next(seconds)))
    with pytest.raises(Unavailable, match="CRM did not answer within 20 s"):
        dripping.carry_out(ORDERS, CATALOGUE, {})
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b" " * 4_000_001)))
    with pytest.raises(Unavailable, match="bytes"):
        HttpFulfilment(client, "http://crm", "http://ismp").carry_out(ORDERS, CATALOGUE, {})


def test_what_a_system_says_is_kept_in_words_a_database_takes_and_never_with_credentials() -> None:
    systems = Systems()
    systems.refused["crm/orders"] = {"one"}
    systems.break_answer = lambda results: {"results": [each | {"message": "no\0 " + "x" * 999} for each in results]}
    said = systems.carry_out()[0].fault
    assert said.isprintable()
    assert len(said) < 400
    client = httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(503)))
    with pytest.raises(Unavailable) as fault:
        HttpFulfilment(client, "http://user:secret@crm", "http://ismp").carry_out(ORDERS, CATALOGUE, {})
    assert "secret" not in fault.value.message


def test_a_row_nobody_can_read_leaves_its_order_out() -> None:
    client = httpx.Client(
        transport=httpx.MockTransport(lambda _: httpx.Response(200, content=b'{"results": ["\xff"]}'))
    )
    results = HttpFulfilment(client, "http://crm", "http://ismp").carry_out(ORDERS, CATALOGUE, {})
    assert [each.retry for each in results] == [True, True, True]
