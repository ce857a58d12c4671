"""Slots of a day, ranking, and what follows from an outcome."""

from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.candidate import CandidateState
from services.campaigns.domain.outcomes import following
from services.campaigns.domain.pacing import Allotment, hours_of
from services.campaigns.domain.plan import Plan, Step, Treatment
from services.campaigns.domain.ranking import UNASSUMED, score_of
from tests.unit.campaigns.world import MORNING, plan

ZONE = "Asia/Shanghai"
TEN, SEVEN_PM = datetime(2026, 3, 2, 2, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC)
LATER = datetime(2026, 4, 1, tzinfo=UTC)
CALLS = Treatment(
    "t",
    "o",
    (Step("sms"), Step("outbound_call", after_hours=24, when=("no_answer", "delivered"))),
)
NOTICE = Treatment("t", "o", (Step("sms"),), consent="silence", silence_hours=48)


def test_contacts_are_planned_between_ten_and_seven_in_the_plan_s_zone() -> None:
    assert hours_of(MORNING, ZONE) == (date(2026, 3, 2), TEN, SEVEN_PM)
    assert hours_of(TEN + timedelta(hours=3), ZONE)[1] == TEN + timedelta(hours=3)
    assert hours_of(SEVEN_PM, ZONE) == (date(2026, 3, 3), TEN + timedelta(days=1), SEVEN_PM + timedelta(days=1))


@given(st.integers(1, 5_000), st.integers(0, 10_000), st.integers(0, 86_399))
def test_slots_lie_within_the_hours_and_never_in_the_past(total: int, position: int, second: int) -> None:
    moment = datetime(2026, 3, 2, tzinfo=UTC) + timedelta(seconds=second)
    day, opens_at, closes_at = hours_of(moment, ZONE)
    slot = Allotment("a", "sms", day, moment, opens_at, closes_at, total).slot(position, moment)
    assert opens_at <= slot < closes_at
    assert slot >= moment


def test_slots_are_spread_evenly_and_wait_for_who_is_due_later() -> None:
    allotment = Allotment("a", "sms", date(2026, 3, 2), MORNING, TEN, SEVEN_PM, 9)
    assert [allotment.slot(n, MORNING) - TEN for n in (0, 1, 8)] == [timedelta(hours=n) for n in (0, 1, 8)]
    assert allotment.slot(9, MORNING) == TEN, "a slot left empty by a suppressed contact is used again"
    assert allotment.slot(0, TEN + timedelta(hours=5)) == TEN + timedelta(hours=5)


def test_the_score_is_priority_times_revenue_times_chance() -> None:
    answers = [{"channel": "sms", "outcomes": {"accepted": 0.2, "delivered": 0.5}}]
    made = msgspec.convert(plan("a", priority=10, simulation={"answers": answers}, goals=[]), Plan)
    assert score_of(made, made.treatments[0]) == pytest.approx(10 * 1000 * 0.2)
    told = Treatment("t", "tone", (Step("sms"),), consent="silence", revenue_fen=1000)
    assert score_of(made, told) == pytest.approx(10 * 1000 * 0.7)
    two = Treatment("t", "tone", (Step("sms"), Step("sms", when=("delivered",))), revenue_fen=1000)
    assert score_of(made, two) == pytest.approx(10 * 1000 * (0.2 + 0.5 * 0.2))


def test_a_plan_that_assumes_nothing_is_ranked_by_its_goal() -> None:
    with_goal = msgspec.convert(plan("a"), Plan)
    without = msgspec.convert(plan("a", goals=[]), Plan)
    assert score_of(with_goal, with_goal.treatments[0]) == pytest.approx(50 * 1000 * 0.2)
    assert score_of(without, without.treatments[0]) == pytest.approx(50 * 1000 * UNASSUMED)


def test_an_acceptance_ends_in_an_order_and_a_refusal_in_leaving() -> None:
    assert following(CALLS, 1, 1, "accepted", MORNING, LATER).state is CandidateState.ACCEPTED
    for outcome in ("refused", "opt_out", "complaint"):
        assert following(CALLS, 1, 1, outcome, MORNING, LATER).state is CandidateState.REFUSED


def test_the_next_step_follows_the_outcomes_it_names() -> None:
    then = following(CALLS, 1, 3, "no_answer", MORNING, LATER)
    assert (then.state, then.step, then.attempt, then.channel) == (CandidateState.READY, 2, 1, "outbound_call")
    assert then.due_at == MORNING + timedelta(hours=24)
    assert following(CALLS, 1, 1, "later", MORNING, LATER).state is CandidateState.DONE
    assert following(CALLS, 2, 1, "no_answer", MORNING, LATER).state is CandidateState.DONE


def test_no_step_follows_after_the_phase() -> None:
    assert following(CALLS, 1, 1, "no_answer", MORNING, MORNING + timedelta(hours=24)).state is CandidateState.DONE
    assert following(CALLS, 1, 1, "no_answer", MORNING, None).state is CandidateState.DONE


def test_silence_is_awaited_where_the_plan_takes_it_as_consent() -> None:
    then = following(NOTICE, 1, 1, "delivered", MORNING, None)
    assert (then.state, then.due_at) == (CandidateState.SILENT, MORNING + timedelta(hours=48))
    assert following(NOTICE, 1, 1, "refused", MORNING, None).state is CandidateState.REFUSED
    explicit = Treatment("t", "o", (Step("sms"),))
    assert following(explicit, 1, 1, "delivered", MORNING, None).state is CandidateState.DONE
