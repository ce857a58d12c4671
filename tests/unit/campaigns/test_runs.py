"""Runs: who is contacted, when, and why the others are not."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from services.campaigns.application.run_due import LeaseLost, Sizes
from services.campaigns.domain.conflicts import Exclusive, NotWithin
from services.campaigns.domain.members import Members
from shared.contracts.channels import DispatchOrder
from shared.kernel.faults import InvalidRequest, NotAllowed, Unavailable
from shared.kernel.text import Text
from tests.unit.campaigns.mortality import unavailable
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.world import MORNING, World, by_chance, offering, plan

EVENING = MORNING + timedelta(hours=12)
DAY = timedelta(days=1)
WHY = Text("原因", "reason")
ONE_CRBT = Exclusive("one-crbt", "1", WHY, Members(categories=frozenset({"crbt"})))


def start(
    folder: Path, *plans: dict[str, object], rules: FakeRules | None = None, size: int = 100, sizes: Sizes | None = None
) -> World:
    world = World.at(folder, rules=rules, size=size, sizes=sizes)
    world.offer(
        offering("tone", "crbt"),
        offering("box", "crbt"),
        offering("app", "finance", rules=["app"]),
        offering("wap", "finance", rules=["wap"]),
    )
    world.launch(*plans)
    return world


def test_control_is_never_contacted_and_keeps_its_share(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"), size=1_000)
    report = world.run_at(MORNING)
    control = world.by_cell()["control"]
    assert len(control) == pytest.approx(200, abs=40)
    assert report.audience == report.judged == 1_000
    assert report.reserved == report.dispatched == 1_000 - len(control)
    assert not control & {each.customer_id for each in world.channels.orders.values()}
    assert {state for key, state in world.candidates().items() if key[0] in control} == {"control"}


def test_cells_are_fixed_before_any_cap(tmp_path: Path) -> None:
    free = start(tmp_path / "free", plan("a"))
    tight = start(tmp_path / "tight", plan("a", pace={"sms": 3}, budget_fen=10))
    for world in (free, tight):
        world.run_at(MORNING)
    tight.governance.listed = {"c00001"}
    assert free.by_cell() == tight.by_cell()


def test_of_a_cell_s_treatments_the_first_fitting_one_is_used(tmp_path: Path) -> None:
    treatments = [
        {"treatment": name, "offering": name, "steps": [{"channel": "sms"}], "revenue_fen": 1}
        for name in ("app", "wap")
    ]
    cells = [{"cell": "main", "share": 1.0, "treatments": ["app", "wap"]}, {"cell": "control", "share": 0.0}]
    world = start(tmp_path, plan("a", "app", treatments=treatments, cells=cells))
    world.view.failed = {"c00001": ["app"], "c00002": ["app", "wap"]}
    world.run_at(MORNING)
    offered = world.candidates("offering_id")
    assert (offered["c00000", "a"], offered["c00001", "a"], offered["c00002", "a"]) == ("app", "wap", None)
    assert world.candidates("lost_at")["c00002", "a"] == "eligible"
    reasons = world.candidates("reasons")["c00002", "a"]
    assert '"rule_id":"app"' in reasons
    assert "不满足（资格）：适合app：… / not met (eligibility): fits app: …" in reasons


def test_whoever_is_listed_falls_out_with_governance_s_reason(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    listed = world.governance.listed = {f"c{number:05d}" for number in range(10)}
    world.run_at(MORNING)
    lost = {key[0] for key, stage in world.candidates("lost_at").items() if stage == "after_lists"}
    assert lost == listed - world.by_cell()["control"]
    assert {world.candidates("lost_by")[each, "a"] for each in lost} == {"black-list"}
    assert world.use.cases.status("a").funnel["eligible"] == world.use.cases.status("a").funnel["after_lists"] + len(
        lost
    )


def test_exclusive_campaigns_do_not_share_a_subscriber(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"), plan("b", "box", priority=90), rules=FakeRules([ONE_CRBT]))
    world.run_at(MORNING)
    contacted = [each.customer_id for each in world.channels.orders.values()]
    assert len(contacted) == len(set(contacted))
    lost = [key for key, stage in world.candidates("lost_at").items() if stage == "after_conflicts"]
    assert lost
    assert {campaign for _, campaign in lost} == {"a"}, "the higher priority wins"
    in_b = {key[0] for key, state in world.candidates().items() if key[1] == "b" and state == "waiting"}
    assert {customer for customer, _ in lost} <= in_b


def test_a_campaign_launched_later_can_still_win_those_not_yet_contacted(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 10}), rules=FakeRules([ONE_CRBT]))
    world.run_at(MORNING)
    taken = {each.customer_id for each in world.channels.orders.values()}
    world.launch(plan("b", "box", priority=90))
    world.run_at(MORNING + timedelta(hours=1))
    states = {key[0]: state for key, state in world.candidates().items() if key[1] == "b"}
    assert {states[each] for each in taken if states[each] != "control"} == {"dropped"}, "a place taken is taken"
    winners = {each for each, state in states.items() if state == "waiting"}
    assert winners
    assert all(world.candidates()[each, "a"] in ("dropped", "control") for each in winners)


def test_an_open_order_keeps_its_category_taken(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 5}), rules=FakeRules([ONE_CRBT]))
    world.run_at(MORNING)
    world.answer(lambda _: "accepted", EVENING)
    accepted = {key[0] for key, state in world.candidates().items() if state == "accepted"}
    assert len(accepted) == 5
    world.launch(plan("b", "box", priority=90))
    world.run_at(EVENING)
    assert not accepted & {each.customer_id for each in world.channels.orders.values() if each.campaign_id == "b"}


def test_who_was_contacted_for_the_same_thing_lately_is_left_alone(tmp_path: Path) -> None:
    recently = NotWithin("recently", "1", WHY, "category", timedelta(days=14))
    world = start(tmp_path, plan("a", pace={"sms": 20}), rules=FakeRules([recently]))
    world.run_at(MORNING)
    world.answer(lambda _: "no_answer", EVENING)
    contacted = {each.customer_id for each in world.channels.orders.values()}
    world.launch(plan("b", "box"))
    world.run_at(EVENING)
    lost = {key[0] for key, rule in world.candidates("lost_by").items() if key[1] == "b" and rule == "recently"}
    assert lost == contacted - {
        key[0] for key, cell in world.candidates("cell").items() if key[1] == "b" and cell == "control"
    }


def test_pace_is_kept_per_day_however_often_the_run_looks(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 7}))
    for hour in range(3):
        world.run_at(MORNING + timedelta(hours=hour))
    assert len(world.channels.orders) == 7
    world.run_at(MORNING + DAY)
    assert len(world.channels.orders) == 14
    assert {each.planned_at.date() for each in world.channels.orders.values()} == {
        MORNING.date(),
        (MORNING + DAY).date(),
    }


def test_suppressed_contacts_make_room_for_the_next_in_rank(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 10}), plan("b", "box", pace={"sms": 10}, priority=90))
    world.run_at(MORNING)
    by_campaign = [each.campaign_id for each in world.channels.orders.values()]
    assert (by_campaign.count("a"), by_campaign.count("b")) == (10, 10)


def test_contacts_stop_when_the_budget_is_spent(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", budget_fen=52))
    for day in range(3):
        world.run_at(MORNING + day * DAY)
    assert len(world.channels.orders) == 10, "ten contacts of five fen each; the eleventh would pass 52"


def test_a_suppressed_contact_is_tried_again_when_it_is_allowed(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"), plan("b", "box", priority=90))
    first = world.run_at(MORNING)
    assert first.suppressed > 0
    second = world.run_at(MORNING + DAY + timedelta(hours=1))
    assert second.reserved == first.suppressed
    suppressed = [each for each in world.contacts() if each[7] == "suppressed"]
    permitted = {(each[1], each[2]): each for each in world.contacts() if each[7] != "suppressed"}
    assert {permitted[each[1], each[2]][6] for each in suppressed} == {2}, "the second attempt"


def test_who_cannot_be_contacted_before_the_phase_ends_is_given_up_with_the_reason(tmp_path: Path) -> None:
    phases = [{"phase": "p1", "starts_on": "2026-03-02", "ends_on": "2026-03-02", "segment": "everybody"}]
    world = start(tmp_path, plan("a", phases=phases), plan("b", "box", phases=phases, priority=90))
    world.run_at(MORNING)
    lost = {key: stage for key, stage in world.candidates("lost_at").items() if stage}
    assert set(lost.values()) == {"after_limits"}
    assert {world.candidates("lost_by")[key] for key in lost} == {"weekly-cap"}
    assert {key[1] for key in lost} == {"a"}


def test_a_phase_opens_on_its_first_day_and_a_campaign_ends_with_its_last_phase(tmp_path: Path) -> None:
    phases = [
        {"phase": "p1", "starts_on": "2026-03-03", "ends_on": "2026-03-04", "segment": "some"},
        {"phase": "p2", "starts_on": "2026-03-05", "ends_on": "2026-03-06", "segment": "others"},
    ]
    world = start(tmp_path, plan("a", phases=phases, pace={"sms": 2}))
    world.view.segments |= {"some": ["s1", "s2", "s3", "s4", "s5", "s6"], "others": ["t1", "t2", "t3"]}
    assert world.run_at(MORNING).phases_opened == 0
    assert world.run_at(MORNING + DAY).phases_opened == 1
    assert world.run_at(MORNING + 3 * DAY).phases_opened == 1
    assert "closed" in world.candidates().values(), "who was not reached in the first phase"
    assert world.use.cases.status("a").state == "live"
    world.run_at(MORNING + 5 * DAY)
    assert world.use.cases.status("a").state == "finished"


def test_a_paused_campaign_makes_no_contact_and_a_stopped_one_never_again(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 5}))
    world.run_at(MORNING)
    world.use.cases.move("a", "pause")
    assert world.run_at(MORNING + DAY).reserved == 0
    world.use.cases.move("a", "resume")
    assert world.run_at(MORNING + DAY).reserved == 5
    world.use.cases.move("a", "stop")
    assert world.run_at(MORNING + 2 * DAY).reserved == 0
    assert "ready" not in world.candidates().values()
    with pytest.raises(NotAllowed):
        world.use.cases.move("a", "resume")


def test_a_contact_has_its_full_script_and_where_it_belongs(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    world.run_at(MORNING)
    order = next(iter(world.channels.orders.values()))
    assert (order.script_zh, order.script_en) == ("您好，tone", "hello, tone")
    assert (order.campaign_id, order.cell, order.channel) == ("a", "main", "sms")
    assert order.expires_at > order.planned_at >= datetime(2026, 3, 2, 2, tzinfo=UTC)


def test_the_future_and_a_time_without_zone_are_refused(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    with pytest.raises(InvalidRequest):
        world.use.runs.run_due(MORNING)
    with pytest.raises(InvalidRequest):
        world.use.runs.run_due(datetime(2026, 1, 1))  # noqa: DTZ001 - what is refused


def test_only_one_run_at_a_time_until_the_lease_of_a_dead_one_ends(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    store = world.use.runs._store
    now = world.machine_clock.now()
    assert store.acquire("run_due", "somebody else", now, now + timedelta(seconds=20))
    world.clock.move_to(MORNING)
    with pytest.raises(Unavailable):
        world.use.runs.run_due(MORNING)
    world.use.runs.tick()
    assert not world.channels.orders
    world.machine_clock.advance(timedelta(seconds=21))
    assert world.use.runs.run_due(MORNING).dispatched > 0


def test_a_request_that_comes_twice_does_not_run_beside_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = start(tmp_path, plan("a"))
    take_over, refused = world.channels.dispatch, []

    def dispatch(orders: Sequence[DispatchOrder]) -> object:
        with pytest.raises(LeaseLost) as fault:  # the same process, while the first run waits for channels
            world.use.runs.run_due(MORNING)
        refused.append(fault.value.code)
        return take_over(orders)

    monkeypatch.setattr(world.channels, "dispatch", dispatch)
    report = world.run_at(MORNING)
    assert set(refused) == {"unavailable"}
    assert report.dispatched == len(world.channels.orders) > 0


def test_when_a_service_does_not_answer_the_run_ends_cleanly_and_the_next_goes_on(tmp_path: Path) -> None:
    undisturbed = start(tmp_path / "undisturbed", plan("a"))
    undisturbed.run_at(MORNING)
    calls = undisturbed.trouble.calls
    assert calls >= 5, "audience, page, screen, reserve, dispatch"
    for at in range(1, calls + 1):
        world = start(tmp_path / str(at), plan("a"))
        world.trouble.at, world.trouble.kind = at, unavailable
        world.clock.move_to(MORNING)
        world.use.runs.tick()
        assert world.run_at(MORNING).phases_opened == (1 if at == 1 else 0)
        assert world.contacts() == undisturbed.contacts()


def test_who_asked_for_a_moment_is_told_that_the_run_ended_early(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    world.trouble.at, world.trouble.kind = 4, unavailable
    with pytest.raises(Unavailable) as caught:
        world.run_at(MORNING)
    assert caught.value.details["judged"] == 100


@pytest.mark.parametrize("sizes", [Sizes(1, 1), Sizes(7, 3), Sizes(13, 50)])
def test_batches_and_pages_do_not_change_what_is_decided(tmp_path: Path, sizes: Sizes) -> None:
    def lived(folder: str, chosen: Sizes | None) -> list[tuple[object, ...]]:
        plans = plan("a", pace={"sms": 20}), plan("b", "box", priority=90), plan("c", "app", budget_fen=100)
        world = start(tmp_path / folder, *plans, rules=FakeRules([ONE_CRBT]), size=60, sizes=chosen)
        world.run_at(MORNING)
        world.answer(by_chance, EVENING)
        world.run_at(MORNING + DAY)
        return world.contacts()

    whole = lived("whole", None)
    assert {each[7] for each in whole} >= {"suppressed", "dispatched", "answered"}
    assert lived("split", sizes) == whole
