"""Phases by trigger: whoever it fires for during the phase joins it, once, and is judged like all others."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.campaigns.application.case_work import FaultyPlan
from services.campaigns.application.offers import Question
from shared.contracts.campaigns import RecommendContext
from shared.contracts.customer_view import Customer, CustomersChanged, TriggerFiring, TriggersFired
from shared.kernel.faults import Unavailable
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.world import MORNING, World, offering, plan

HOUR = timedelta(hours=1)
TRIGGER = "quota-twice"
PHASE: dict[str, Any] = {"phase": "p1", "starts_on": "2026-03-02", "ends_on": "2026-03-15", "trigger": TRIGGER}
NEVER_CONTROL = [{"cell": "main", "share": 1.0, "treatments": ["only"]}, {"cell": "control", "share": 0.0}]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World.at(tmp_path, size=0)
    world.offer(offering("tone", "crbt"))
    yield world
    world.database.close()


def fire(world: World, at: datetime, *who: str, told: bool = True, trigger: str = TRIGGER) -> None:
    world.view.fired.setdefault(trigger, []).extend((at, each) for each in who)
    if told:
        tell(world, at, who, trigger)


def tell(world: World, at: datetime, who: Sequence[str], trigger: str = TRIGGER) -> None:
    firings = [TriggerFiring(trigger=trigger, trigger_version="1", customer_id=each, window=2) for each in who]
    world.deliver("triggers_fired", TriggersFired(fired_at=at, rule_set="r1", firings=firings))


def members(world: World) -> list[str]:
    return sorted(who for who, _ in world.candidates())


def many(start: int, count: int = 50) -> list[str]:
    return [f"c{number:05d}" for number in range(start, start + count)]


def test_who_it_fires_for_joins_at_the_next_run_and_is_contacted_once(world: World) -> None:
    world.launch(plan("a", phases=[PHASE], cells=NEVER_CONTROL))
    world.run_at(MORNING)
    assert members(world) == []
    fire(world, MORNING + HOUR, "x", "y")
    report = world.run_at(MORNING + HOUR)
    assert (report.judged, report.reserved) == (2, 2)
    fire(world, MORNING + 2 * HOUR, "x", "z")
    report = world.run_at(MORNING + 2 * HOUR)
    assert (report.judged, report.reserved) == (1, 1)
    assert members(world) == ["x", "y", "z"]
    assert sorted(each[1] for each in world.contacts()) == ["x", "y", "z"]
    asked = len(world.view.made)
    assert world.run_at(MORNING + 3 * HOUR).judged == 0
    assert len(world.view.made) == asked, "nobody is new: nothing is asked"


def test_only_what_fires_within_the_phase_counts(world: World) -> None:
    starts_at = datetime(2026, 3, 1, 16, tzinfo=UTC)  # midnight in Fuzhou
    world.launch(plan("a", phases=[PHASE]))
    fire(world, starts_at - timedelta(microseconds=1), "early")
    fire(world, starts_at, "first")
    fire(world, MORNING, "other", trigger="another")
    world.run_at(MORNING)
    assert members(world) == ["first"]
    world.run_at(MORNING + HOUR)
    assert members(world) == ["first"]


def test_who_is_told_late_and_at_the_same_instant_is_not_overlooked(world: World) -> None:
    world.launch(plan("a", phases=[PHASE]))
    fire(world, MORNING, "x")
    world.run_at(MORNING)
    fire(world, MORNING, "late", told=False)  # stored at the same instant, after the audience was frozen
    world.run_at(MORNING + HOUR)
    assert members(world) == ["x"]
    tell(world, MORNING, ["late"])
    world.run_at(MORNING + 2 * HOUR)
    fire(world, MORNING, "later still")
    world.run_at(MORNING + 2 * HOUR)
    assert members(world) == ["late", "later still", "x"]


def test_cells_are_those_of_any_other_phase(world: World, tmp_path: Path) -> None:
    everybody = many(0, 200)
    world.launch(plan("a", phases=[PHASE]))
    world.run_at(MORNING)
    for number, start in enumerate(range(0, 200, 50), start=1):
        fire(world, MORNING + number * HOUR, *everybody[start : start + 50])
        world.run_at(MORNING + number * HOUR)
    other = World(f"sqlite:///{tmp_path}/other.sqlite", size=200)
    other.offer(offering("tone", "crbt"))
    other.launch(plan("a"))
    other.run_at(MORNING)
    assert world.by_cell() == other.by_cell()
    assert len(world.by_cell()["control"]) > 20
    other.database.close()


def test_newcomers_are_judged_like_all_others(world: World) -> None:
    world.offer(offering("app", "apps", rules=["app"]))
    world.launch(plan("a", "app", phases=[PHASE], cells=NEVER_CONTROL))
    world.run_at(MORNING)
    world.view.failed["unfit"] = ["app"]
    world.governance.listed.add("listed")
    fire(world, MORNING + HOUR, "unfit", "listed", "fine")
    world.run_at(MORNING + HOUR)
    assert {who: lost for (who, _), lost in world.candidates("lost_at").items()} == {
        "unfit": "eligible",
        "listed": "after_lists",
        "fine": None,
    }


def test_the_first_step_counts_from_when_the_subscriber_joins(world: World) -> None:
    treatment = {"treatment": "only", "offering": "tone", "steps": [{"channel": "sms", "after_hours": 2}]}
    world.launch(plan("a", phases=[PHASE], cells=NEVER_CONTROL, treatments=[treatment]))
    world.run_at(MORNING)
    fire(world, MORNING + HOUR, "x")
    world.run_at(MORNING + HOUR)
    due = world.candidates("due_at")["x", "a"]
    assert due == int((MORNING + 3 * HOUR).timestamp() * 1_000_000)


def test_advice_offers_the_campaign_to_who_joined_also_while_others_are_being_judged(world: World) -> None:
    world.launch(plan("a", phases=[PHASE], cells=NEVER_CONTROL, inbound=["hall"]))
    facts: dict[str, Any] = {"products": []}
    snapshots = [Customer(customer_id=one, facts=facts, segments=[], changed_at=MORNING) for one in ("x", "y")]
    world.deliver("customers_changed", CustomersChanged(changed_at=MORNING, customers=snapshots))
    world.run_at(MORNING)
    offered: dict[str, list[str]] = {"x": [], "y": []}
    fire(world, MORNING + HOUR, "x")
    world.governance.most_a_day = 9
    world.run_at(MORNING + HOUR)
    fire(world, MORNING + 2 * HOUR, "y")
    world.clock.move_to(MORNING + 2 * HOUR)
    _leave_judging_unfinished(world)
    for who in offered:
        context = RecommendContext(request_id=f"r-{who}", language="zh", limit=3)
        offered[who] = [one.offering_id for one in world.use.recommend(Question(who, "hall", context)).offers]
    assert offered == {"x": ["tone"], "y": []}


def _leave_judging_unfinished(world: World) -> None:
    """Have governance away while the newcomers are judged."""
    screen = world.governance.screen

    def away(_: object) -> Any:
        raise Unavailable("away")

    world.governance.screen = away  # type: ignore[method-assign]  # the fake's answer is replaced
    world.use.runs.run_due(None)
    world.governance.screen = screen  # type: ignore[method-assign]  # the fake's answer is replaced


def test_judging_newcomers_is_taken_up_again(world: World) -> None:
    world.launch(plan("a", phases=[PHASE], cells=NEVER_CONTROL))
    world.run_at(MORNING)
    fire(world, MORNING + HOUR, "x")
    world.clock.move_to(MORNING + HOUR)
    _leave_judging_unfinished(world)
    assert members(world) == []
    fire(world, MORNING + HOUR, "y")
    world.run_at(MORNING + 2 * HOUR)
    world.run_at(MORNING + 3 * HOUR)
    assert members(world) == ["x", "y"]


def test_a_phase_that_is_over_takes_nobody_in(world: World) -> None:
    world.launch(plan("a", phases=[PHASE]))
    world.run_at(MORNING)
    ends_at = datetime(2026, 3, 15, 16, tzinfo=UTC)
    fire(world, ends_at, "x")
    world.run_at(ends_at)
    assert members(world) == []


def test_what_no_phase_can_use_any_more_is_forgotten(world: World) -> None:
    def kept() -> int:
        with world.database.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM trigger_firing").scalar() or 0)

    world.launch(plan("a", phases=[PHASE]))
    fire(world, MORNING - timedelta(days=3), "x")
    fire(world, MORNING, "y")
    world.run_at(MORNING)
    assert kept() == 1
    world.run_at(datetime(2026, 3, 16, tzinfo=UTC))
    assert kept() == 0


def test_a_trigger_that_is_gone_keeps_no_other_campaign_from_running(tmp_path: Path) -> None:
    rules = FakeRules()
    world = World.at(tmp_path, size=10, rules=rules)
    world.offer(offering("tone", "crbt"))
    world.launch(plan("a", phases=[PHASE]), plan("b"))
    rules.triggers = frozenset()
    fire(world, MORNING, "x")
    assert world.run_at(MORNING).phases_opened == 1
    rules.triggers = frozenset({TRIGGER})
    assert world.run_at(MORNING + HOUR).phases_opened == 1
    assert ("x", "a") in world.candidates()
    world.database.close()


@pytest.mark.parametrize(
    ("phase", "code", "field"),
    [
        (PHASE | {"segment": "everybody"}, "invalid_plan", "phases[0]"),
        (PHASE | {"trigger": "quota-thrice"}, "unknown_trigger", "phases[0].trigger"),
    ],
)
def test_a_plan_names_one_audience_and_a_trigger_that_is_there(
    world: World, phase: dict[str, Any], code: str, field: str
) -> None:
    with pytest.raises(FaultyPlan) as caught:
        world.use.cases.draft(plan("a", phases=[phase]))
    assert (caught.value.code, caught.value.details["field"]) == (code, field)
