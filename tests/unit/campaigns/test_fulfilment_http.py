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
        self.break_answer: Callable[[list[dict[str, str]]], object] = lambda results: {"results": results}

    def answer(self, request: httpx.Request) -> httpx.Response:
        address = f"{request.url.host}{request.url.path}"
        names = [each["order_id"] for each in json.loads(request.content)["orders"]]
        self.calls.append((address, names, request.headers["Idempotency-Key"]))
        if address in self.down:
            raise httpx.ConnectTimeout("too slow", request=request)
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


@pytest.mark.parametrize("broken", [lambda results: {"results": results[:-1]}, lambda _: {"rows": []}, lambda _: []])
def test_an_answer_that_is_not_one_counts_as_none(broken: Callable[[list[dict[str, str]]], object]) -> None:
    systems = Systems()
    systems.break_answer = broken
    with pytest.raises(Unavailable):
        systems.carry_out()
