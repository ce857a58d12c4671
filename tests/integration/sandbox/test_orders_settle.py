"""Whatever CRM and ISMP do, an order ends up carried out on both sides or on neither, and is told of once."""

import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.campaigns.adapters.fulfilment_http import HttpFulfilment
from services.campaigns.application.fulfilling import fulfil
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import SalesOrder
from services.workbench.sandbox.behaviour import FAILURES, Behaviour
from services.workbench.sandbox.serving import Sandbox
from shared.kernel.faults import Unavailable

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WEEK = timedelta(days=7)
RUNS = count(1)
shares = st.sampled_from([0.0, 0.0, 0.3, 0.7])
behaviours = st.builds(
    Behaviour,
    fail=shares,
    failures=st.lists(st.sampled_from(FAILURES), unique=True),
    partial=shares,
    refuse=shares,
    refuse_cancellations=shares,
    twice=shares,
    reorder=shares,
    seed=st.integers(0, 9_999),
)


class Campaigns:
    """The part of campaigns that carries orders out: the use case itself on a store in memory."""

    def __init__(self, orders: Sequence[SalesOrder]) -> None:
        self.orders = {each.contact_id: each for each in orders}
        self.told: list[str] = []
        self._tx: Any = SimpleNamespace(
            orders=self,
            events=self,
            cases=SimpleNamespace(many=lambda _: []),
            replicas=SimpleNamespace(offerings=lambda: {"tone": Offering("tone", "铃", "tone", "crbt")}),
        )

    @contextmanager
    def read(self) -> Iterator[Any]:
        yield self._tx

    write = read

    def open(self, moment: datetime, after: str, limit: int) -> list[SalesOrder]:
        due = [each for each in self.orders.values() if each.state == "open" and each.due_at <= moment]
        return sorted((each for each in due if each.contact_id > after), key=lambda each: each.contact_id)[:limit]

    def save(self, orders: Sequence[SalesOrder]) -> None:
        self.orders |= {each.contact_id: each for each in orders}

    def tell(self, event_type: str, event: Any, **_: object) -> None:
        assert event_type == "orders_fulfilled"
        self.told += [each.contact_id for each in event.orders]

    def states(self) -> dict[str, str]:
        return {name: each.state for name, each in sorted(self.orders.items())}


class NoPatienceWithIsmp(httpx.Client):
    """Waits long for CRM and hardly at all for ISMP."""

    def stream(self, method: str, url: Any, **given: Any) -> Any:
        timeout = httpx.Timeout(20, read=0.1 if "/ismp/" in str(url) else 20)
        return super().stream(method, url, timeout=timeout, **given)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def fulfilment(sandbox: Sandbox) -> Iterator[HttpFulfilment]:
    with closing(HttpFulfilment.connect(f"{sandbox.url}/crm", f"{sandbox.url}/ismp")) as patient:
        yield patient


def campaigns_with(size: int) -> Campaigns:
    run = next(RUNS)
    names = [f"{run:04d}-{number}" for number in range(size)]
    return Campaigns([SalesOrder(name, "c", "a", "p", "m", "t", "tone", accepted_at=NOW, due_at=NOW) for name in names])


def standing(sandbox: Sandbox, name: str) -> dict[str, str]:
    return {row["system"]: row["state"] for row in sandbox.play.book.rows("orders", only=name)}


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(crm=behaviours, ismp=behaviours, size=st.integers(1, 8), rounds=st.integers(1, 5))
def test_every_order_is_carried_out_on_both_sides_or_on_none(
    sandbox: Sandbox, fulfilment: HttpFulfilment, crm: Behaviour, ismp: Behaviour, size: int, rounds: int
) -> None:
    campaigns, moment = campaigns_with(size), NOW
    sandbox.play.behave("crm", crm)
    sandbox.play.behave("ismp", ismp)
    for _ in range(rounds):
        with suppress(Unavailable):
            fulfil(campaigns, fulfilment, moment)  # type: ignore[arg-type]  # as much of a store as it uses
        moment += WEEK
    sandbox.play.behave("crm", Behaviour())
    sandbox.play.behave("ismp", Behaviour())
    for _ in range(2):  # the second: what was still put aside comes at the worst moment, after everything else
        fulfil(campaigns, fulfilment, moment)  # type: ignore[arg-type]  # as much of a store as it uses
        sandbox.play.flush()
        moment += WEEK
    for name, state in campaigns.states().items():
        stands = standing(sandbox, name)
        assert state in {"fulfilled", "failed"}, "with systems that answer every order is settled"
        assert (stands.get("crm") == "done", stands.get("ismp") == "done") == ((state == "fulfilled"),) * 2
    assert sorted(campaigns.told) == [name for name, state in campaigns.states().items() if state == "fulfilled"]


def test_an_answer_that_comes_too_late_leaves_the_order_open_and_it_is_not_carried_out_again(
    sandbox: Sandbox, fulfilment: HttpFulfilment
) -> None:
    campaigns = campaigns_with(2)
    sandbox.play.behave("crm", Behaviour())
    sandbox.play.behave("ismp", Behaviour(late=600))
    with closing(
        HttpFulfilment(NoPatienceWithIsmp(trust_env=False), f"{sandbox.url}/crm", f"{sandbox.url}/ismp")
    ) as hasty:
        assert fulfil(campaigns, hasty, NOW) == 0  # type: ignore[arg-type]  # as much of a store as it uses
    assert set(campaigns.states().values()) == {"open"}
    while any("ismp" not in standing(sandbox, name) for name in campaigns.states()):
        time.sleep(0.01)  # nobody waits for it, and it comes about
    sandbox.play.behave("ismp", Behaviour())
    assert fulfil(campaigns, fulfilment, NOW + WEEK) == 2  # type: ignore[arg-type]  # as much of a store as it uses
    for name in campaigns.states():
        rows = sandbox.play.book.rows("orders", only=name)
        assert [(row["state"], row["asked"], row["carried_out"]) for row in rows] == [("done", 2, 1)] * 2
