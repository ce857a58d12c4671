"""What other services tell: applied once, in whatever order it comes."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.contracts.campaigns import OrdersFulfilled
from shared.contracts.channels import ContactsFailed, ContactsSent, FailedContact, OutcomesRecorded, RecordedOutcome
from shared.contracts.wire import Outcome
from tests.unit.campaigns.test_runs import DAY, EVENING, start
from tests.unit.campaigns.world import MORNING, World, offering, plan

HOUR = timedelta(hours=1)
FOLLOWED = [
    {
        "treatment": "only",
        "offering": "tone",
        "steps": [
            {"channel": "sms"},
            {"channel": "outbound_call", "when": ["no_answer", "later"], "after_hours": 30},
        ],
        "revenue_fen": 100,
    }
]
NOTICE = [
    {
        "treatment": "only",
        "offering": "tone",
        "steps": [{"channel": "sms"}],
        "consent": "silence",
        "silence_hours": 48,
    }
]


def contacted(folder: Path, **changes: Any) -> World:
    world = start(folder, plan("a", **({"pace": {"sms": 3}} | changes)))
    world.run_at(MORNING)
    return world


def outcome(world: World, contact_id: str, said: Outcome, *, hours: int = 0) -> RecordedOutcome:
    order = world.channels.orders[contact_id]
    return RecordedOutcome(
        contact_id=contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        offering_id=order.offering_id,
        channel=order.channel,
        outcome=said,
        detail="说明 / detail",
        at=order.planned_at + hours * HOUR,
    )


def states(world: World) -> dict[str, str]:
    """Return the state of every contact by id."""
    return {row[0]: row[7] for row in world.contacts()}


def test_an_event_that_comes_again_changes_nothing(tmp_path: Path) -> None:
    world = contacted(tmp_path)
    first, second, _ = sorted(world.channels.orders)
    world.use.listening.outcomes_recorded("e1", OutcomesRecorded(outcomes=[outcome(world, first, "accepted")]))
    world.use.listening.outcomes_recorded("e1", OutcomesRecorded(outcomes=[outcome(world, second, "refused")]))
    assert states(world)[second] == "dispatched"


def test_an_outcome_may_come_before_the_news_that_the_contact_took_place(tmp_path: Path) -> None:
    world = contacted(tmp_path)
    first = min(world.channels.orders)
    world.deliver("outcomes_recorded", OutcomesRecorded(outcomes=[outcome(world, first, "refused")]))
    world.answer({}, MORNING)
    world.deliver("contacts_sent", ContactsSent(contacts=[]))
    assert states(world)[first] == "answered"


def test_an_acceptance_leads_to_one_order_and_is_never_undone(tmp_path: Path) -> None:
    world = contacted(tmp_path)
    first = min(world.channels.orders)
    for said, hours in (("accepted", 0), ("refused", 1), ("accepted", 2)):
        recorded = outcome(world, first, said, hours=hours)  # type: ignore[arg-type]  # a word of the contract
        world.deliver("outcomes_recorded", OutcomesRecorded(outcomes=[recorded]))
    assert world.run_at(EVENING).fulfilled == 1
    assert world.run_at(EVENING + HOUR).fulfilled == 0
    customer = world.channels.orders[first].customer_id
    assert world.candidates()[customer, "a"] == "accepted"


def test_who_refused_leaves_all_phases_of_the_campaign(tmp_path: Path) -> None:
    phases = [
        {"phase": name, "starts_on": start_on, "ends_on": "2026-03-15", "segment": "everybody"}
        for name, start_on in (("p1", "2026-03-02"), ("p2", "2026-03-03"))
    ]
    world = contacted(tmp_path, phases=phases)
    refusing = {each.customer_id for each in world.channels.orders.values()}
    world.answer(lambda _: "refused", EVENING)
    world.run_at(MORNING + DAY)
    assert {world.candidates()[each, "a"] for each in refusing} <= {"dropped", "control"}
    assert {world.candidates("lost_by")[each, "a"] for each in refusing} <= {"campaign:refused", None}


def test_the_next_step_follows_after_its_hours_in_its_own_channel(tmp_path: Path) -> None:
    world = contacted(tmp_path, treatments=FOLLOWED, pace={"sms": 1})
    first = next(iter(world.channels.orders.values()))
    world.answer(lambda _: "no_answer", EVENING)
    world.run_at(EVENING)
    (call,) = [each for each in world.channels.orders.values() if each.channel == "outbound_call"]
    assert call.customer_id == first.customer_id
    assert call.planned_at >= first.planned_at + 30 * HOUR, "planned the evening before, for when it is due"


def test_silence_is_consent_only_when_its_hours_are_over_and_nobody_objected(tmp_path: Path) -> None:
    world = contacted(tmp_path, treatments=NOTICE)
    world.answer(lambda _: "delivered", EVENING)
    objecting, *silent = sorted(world.channels.orders)
    world.deliver("outcomes_recorded", OutcomesRecorded(outcomes=[outcome(world, objecting, "refused", hours=5)]))
    assert world.run_at(MORNING + DAY).fulfilled == 0
    world.use.cases.move("a", "pause")
    assert world.run_at(EVENING + 2 * DAY).fulfilled == len(silent) == 2
    outcomes = {row[0]: row[9] for row in world.contacts()}
    assert outcomes[objecting] == "refused"
    assert {outcomes[each] for each in silent} == {"accepted"}


def test_a_contact_that_failed_is_tried_again_a_day_later_and_three_times_at_most(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a", pace={"sms": 1}), size=1)
    for day in range(6):
        moment = MORNING + day * DAY
        world.run_at(moment)
        failing = [each for each in world.channels.orders.values() if states(world)[each.contact_id] == "dispatched"]
        failed = [
            FailedContact(
                contact_id=each.contact_id,
                customer_id=each.customer_id,
                campaign_id="a",
                channel="sms",
                reason="no number",
                at=each.planned_at,
            )
            for each in failing
        ]
        world.deliver("contacts_failed", ContactsFailed(contacts=failed))
    assert [row[6:8] for row in sorted(world.contacts(), key=lambda row: row[6])] == [
        (1, "failed"),
        (2, "failed"),
        (3, "failed"),
    ]
    assert set(world.candidates().values()) == {"done"}


def test_an_order_channels_refuses_is_given_back_to_governance(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    world.channels.refused = {"c00000", "c00001", "c00002"}
    report = world.run_at(MORNING)
    given_back = {world.governance.requests[each].customer_id for each in world.governance.released}
    assert given_back == world.channels.refused - world.by_cell()["control"]
    assert report.reserved - report.dispatched == len(given_back) > 0


def test_a_stopped_campaign_gives_back_what_was_not_handed_over(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    world.trouble.at, world.trouble.kind = 5, RuntimeError
    with pytest.raises(RuntimeError):
        world.run_at(MORNING)
    world.use.cases.move("a", "stop")
    assert world.run_at(MORNING).dispatched == 0
    assert world.channels.orders == {}
    assert set(world.governance.released) == set(states(world))
    assert set(states(world).values()) == {"failed"}


def test_fulfilled_orders_are_told_with_their_products(tmp_path: Path) -> None:
    world = World.at(tmp_path)
    world.offer(offering("tone", "crbt", products=["crbt", "crbt_tones"]))
    world.launch(plan("a", pace={"sms": 2}, simulation={"fulfilment": 1.0}))
    world.run_at(MORNING)
    world.answer(lambda _: "accepted", EVENING)
    world.run_at(EVENING)
    with world.database.read() as connection:
        body = connection.exec_driver_sql("SELECT body FROM outbox").scalar_one()
    told = msgspec.json.decode(body, type=OrdersFulfilled)
    assert {tuple(each.products) for each in told.orders} == {("crbt", "crbt_tones")}
    assert {each.contact_id for each in told.orders} == world.sent
    assert {each.at for each in told.orders} == {EVENING}


def test_an_order_the_simulated_crm_does_not_carry_out_fails_for_good(tmp_path: Path) -> None:
    world = contacted(tmp_path, simulation={"fulfilment": 0.0})
    world.answer(lambda _: "accepted", EVENING)
    assert world.run_at(EVENING).fulfilled == 0
    with world.database.read() as connection:
        rows = connection.exec_driver_sql("SELECT state, tries FROM sales_order").all()
    assert {tuple(row) for row in rows} == {("failed", 1)}
