"""Counts and pages over a small made-up base, on both databases."""

from typing import Any

import pytest

from services.campaigns.adapters.evaluation_store import EvaluationStore
from services.campaigns.domain.evaluation import CellCount
from shared.persistence import Database
from tests.integration.campaigns.base import (
    START,
    a_candidate,
    a_contact,
    a_phase,
    an_order,
    because,
    dropped,
    fill,
    sent,
)

pytestmark = pytest.mark.servers


@pytest.fixture
def store(base: Database) -> EvaluationStore:
    return EvaluationStore(base)


def holds(customer_id: str, product: str = "tone") -> dict[str, Any]:
    return {"customer_id": customer_id, "product": product, "since": START}


def test_cells_leave_out_who_held_it_before_and_count_control_s_own_conversions(
    base: Database, store: EvaluationStore
) -> None:
    fill(
        base,
        candidate=[
            *(a_candidate(f"m{n}") for n in range(5)),
            a_candidate("m9", held=True),
            *(a_candidate(f"k{n}", cell="control", state="control") for n in range(3)),
            a_candidate("m0", phase="p2"),
            a_candidate("x0", "other"),
        ],
        contact=[
            sent("1", "m0", "no_answer"),
            sent("2", "m0", "accepted", attempt=2),
            sent("3", "m1", "refused"),
            sent("4", "m2", "no_answer"),
            a_contact("5", "m3", state="dispatched", contacted_at=None),
            a_contact("6", "m4", state="suppressed", contacted_at=None, reasons=because("cap")),
        ],
        sales_order=[an_order("2", "m0", state="fulfilled"), an_order("3", "m1")],
        holding=[holds("m0"), holds("m9"), holds("k1"), holds("k1", "box"), holds("k2", "paper"), holds("x0")],
    )
    assert store.cells("a", ("tone", "box")) == [
        CellCount("p1", "control", members=3, contacted=0, reached=0, accepted=0, fulfilled=0, converted=1),
        CellCount("p1", "main", members=5, contacted=3, reached=2, accepted=2, fulfilled=1, converted=1),
        CellCount("p2", "main", members=1, contacted=0, reached=0, accepted=0, fulfilled=0, converted=1),
    ]
    assert store.cells("nothing", ("tone",)) == []


def test_costs_are_those_of_contacts_that_took_place(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        contact=[
            sent("1", "m0", cost_fen=5),
            sent("2", "m1", cost_fen=80),
            a_contact("3", "m2", state="failed", contacted_at=None, cost_fen=1_000),
            sent("4", "m3", campaign_id="b", cost_fen=7),
        ],
    )
    assert (store.contact_cost("a"), store.contact_cost("b"), store.contact_cost("c")) == (85, 7, 0)


def test_treatments_count_accepted_and_fulfilled_orders(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        sales_order=[
            an_order("1", "m0", state="fulfilled"),
            an_order("2", "m1", state="failed"),
            an_order("3", "m2", treatment="gift"),
            an_order("4", "m3", campaign_id="b"),
        ],
    )
    counts = [(each.treatment, each.accepted, each.fulfilled) for each in store.treatments("a")]
    assert counts == [("gift", 1, 0), ("only", 2, 1)]


def test_reasons_come_commonest_first_and_count_subscribers_not_rows(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        candidate=[
            *(dropped(f"m{n}", "eligible", "rare") for n in range(2)),
            *(dropped(f"n{n}", "after_lists", "black", f"名单{n} / list {n}") for n in range(3)),
            dropped("n0", "after_lists", "black", phase="p2"),
            *(dropped(f"o{n}", "after_conflicts", "also") for n in range(2)),
            a_candidate("p0"),
        ],
    )
    found = [(each.stage, each.rule_id, each.customers) for each in store.suppressions("a")]
    assert found == [("after_lists", "black", 3), ("after_conflicts", "also", 2), ("eligible", "rare", 2)]
    assert all(" / " in each.text for each in store.suppressions("a"))


def test_breakdowns_count_contacts_by_channel_city_and_phase(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        contact=[
            sent("1", "m0", "accepted"),
            sent("2", "m1", "no_answer", channel="outbound_call", city="xiamen"),
            sent("3", "m2", "refused", city=None, phase="p2"),
            a_contact("4", "m3", state="reserved", contacted_at=None),
        ],
        sales_order=[an_order("1", "m0")],
    )
    found = {
        (each.dimension, each.value): (each.contacted, each.reached, each.accepted) for each in store.breakdowns("a")
    }
    assert found == {
        ("channel", "outbound_call"): (1, 0, 0),
        ("channel", "sms"): (2, 2, 1),
        ("city", ""): (1, 1, 0),
        ("city", "fuzhou"): (1, 1, 1),
        ("city", "xiamen"): (1, 0, 0),
        ("phase", "p1"): (2, 1, 1),
        ("phase", "p2"): (1, 1, 0),
    }


def test_breakdowns_come_in_the_same_order_on_both_databases(base: Database, store: EvaluationStore) -> None:
    cities = ["xiamen", "Fuzhou", "fuzhou", None, "厦门", "quan-zhou", "quanzhou", ""]
    fill(base, contact=[sent(f"k{n}", f"m{n}", city=city) for n, city in enumerate(cities)])
    found = [each.value for each in store.breakdowns("a") if each.dimension == "city"]
    assert found == sorted({each or "" for each in cities}), "in order of value, an unknown city as none"


def test_refusals_count_what_was_said(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        contact=[
            sent("1", "m0", "refused", detail="太贵"),
            sent("2", "m1", "refused", detail="太贵"),
            sent("3", "m2", "refused", detail=""),
            sent("4", "m3", "refused", detail=None),
            sent("5", "m4", "accepted", detail="好"),
        ],
    )
    assert store.refusals("a") == {"太贵": 2}


def test_unknown_facts_are_the_worst_of_all_phases(base: Database, store: EvaluationStore) -> None:
    fill(
        base,
        phase=[
            a_phase("p1", unknown_facts={"age": 3, "plan": 0, "city": 2}),
            a_phase("p2", unknown_facts={"age": 7, "city": 1}),
            a_phase("p1", "b", unknown_facts={"balance": 9}),
        ],
    )
    assert store.unknown_facts("a") == {"age": 7, "city": 2}
