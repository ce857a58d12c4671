"""A campaign lived through and evaluated: every figure agrees with what is stored."""

from datetime import timedelta
from pathlib import Path
from typing import get_args

import pytest

from shared.contracts.campaigns import Evaluation, FunnelStage
from shared.contracts.customer_view import Customer, CustomersChanged
from shared.kernel.faults import NotFound
from tests.unit.campaigns.world import MORNING, World, by_chance, offering, plan

DAY = timedelta(days=1)
GOALS = [
    {"kpi": kpi, "target": target, "name_zh": kpi, "name_en": kpi}
    for kpi, target in (("success_rate", 0.2), ("accepted", 50), ("conversion_rate", 0.1))
]


@pytest.fixture
def lived(tmp_path: Path) -> World:
    """Contact 100 members by SMS; let them answer, orders be fulfilled, and one of control convert by himself."""
    world = World.at(tmp_path, size=100)
    world.governance.listed = {"c00003"}
    world.offer(offering("tone", "crbt"))
    world.launch(plan("a", goals=GOALS))
    world.run_at(MORNING)
    world.answer(by_chance, MORNING + DAY)
    world.run_at(MORNING + 2 * DAY)
    control = min(world.by_cell()["control"])
    buyers = [Customer(customer_id=control, facts={"products": ["tone"]}, segments=[], changed_at=MORNING + 2 * DAY)]
    world.deliver("customers_changed", CustomersChanged(changed_at=MORNING + 2 * DAY, customers=buyers))
    return world


@pytest.fixture
def evaluation(lived: World) -> Evaluation:
    return lived.use.results.evaluate("a")


def test_cells_add_up_to_the_funnel(lived: World, evaluation: Evaluation) -> None:
    main, control = sorted(evaluation.cells, key=lambda each: each.is_control)
    funnel = evaluation.funnel
    assert set(funnel) == set(get_args(FunnelStage))
    assert funnel["audience"] == main.members + control.members == 100
    for name in ("contacted", "reached", "accepted", "fulfilled"):
        assert funnel[name] == getattr(main, name) > 0
    assert funnel["eligible"] - funnel["after_lists"] == (0 if "c00003" in lived.by_cell()["control"] else 1)
    assert evaluation.state == "live"


def test_control_converts_by_itself_and_has_no_uplift_of_its_own(evaluation: Evaluation) -> None:
    main, control = sorted(evaluation.cells, key=lambda each: each.is_control)
    assert (control.contacted, control.converted, control.uplift) == (0, 1, None)
    assert (control.uplift_low, control.uplift_high) == (None, None)
    assert main.uplift == pytest.approx(main.conversion - control.conversion)
    assert main.uplift_low is not None
    assert main.uplift_high is not None
    assert main.uplift_low < main.uplift < main.uplift_high


def test_goals_are_measured_on_the_treated(evaluation: Evaluation) -> None:
    main = next(each for each in evaluation.cells if not each.is_control)
    found = {each.kpi: (each.actual, each.attainment) for each in evaluation.kpis}
    assert found == {
        "success_rate": (main.accepted / main.contacted, pytest.approx(main.accepted / main.contacted / 0.2)),
        "accepted": (main.accepted, pytest.approx(main.accepted / 50)),
        "conversion_rate": (main.conversion, pytest.approx(main.conversion / 0.1)),
    }


def test_money_is_that_of_the_contacts_made_and_the_orders_fulfilled(evaluation: Evaluation) -> None:
    main = next(each for each in evaluation.cells if not each.is_control)
    money = evaluation.money
    assert (money.contact_cost, money.revenue, money.gift_cost) == (5 * main.contacted, 1_000 * main.fulfilled, 0)
    assert money.cost_per_success == pytest.approx(5 * main.contacted / main.fulfilled)


def test_evaluating_again_gives_the_same(lived: World, evaluation: Evaluation) -> None:
    assert lived.restart().results.evaluate("a") == evaluation


def test_a_campaign_that_has_not_begun_is_evaluated_to_nothing(lived: World) -> None:
    lived.use.cases.draft(plan("new"))
    empty = lived.use.results.evaluate("new")
    assert (empty.cells, empty.suppressions, empty.breakdowns) == ([], [], [])
    assert set(empty.funnel.values()) == {0}
    assert {each.actual for each in empty.kpis} == {0.0}


def test_an_unknown_campaign_is_not_found(lived: World) -> None:
    with pytest.raises(NotFound) as unknown:
        lived.use.results.evaluate("nothing")
    assert unknown.value.details["id"] == "nothing"
