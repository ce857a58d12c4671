"""The life of a case: a pure state machine with a history."""

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain import case as life
from services.campaigns.domain.case import Case, CaseState
from services.campaigns.domain.plan import Plan
from shared.kernel.faults import NotAllowed
from tests.unit.campaigns.world import plan

NOW = datetime(2026, 3, 1, tzinfo=UTC)


def drafted(**changes: object) -> Case:
    made = msgspec.convert(plan("a", **changes), Plan)
    return life.draft(made, None, rule_set="r1", actor="ann", at=NOW)


def test_levels_agree_in_their_order() -> None:
    case = life.submit(drafted(), actor="ann", at=NOW)
    assert case.awaiting_level == "city"
    with pytest.raises(NotAllowed):
        life.approve(case, "province", actor="bob", at=NOW)
    case = life.approve(case, "city", actor="bob", at=NOW)
    assert (case.state, case.awaiting_level) == (CaseState.SUBMITTED, "province")
    case = life.approve(case, "province", actor="eve", at=NOW)
    assert (case.state, case.awaiting_level) == (CaseState.APPROVED, None)
    assert [(each.action, each.actor) for each in case.history] == [
        ("draft", "ann"),
        ("submit", "ann"),
        ("approve:city", "bob"),
        ("approve:province", "eve"),
    ]


def test_what_was_done_already_is_not_done_again() -> None:
    case = life.submit(drafted(), actor="ann", at=NOW)
    assert life.submit(case, actor="ann", at=NOW) is case
    case = life.approve(case, "city", actor="bob", at=NOW)
    assert life.approve(case, "city", actor="bob", at=NOW) is case


def test_a_case_without_levels_needs_no_approval() -> None:
    assert life.submit(drafted(approvals=[]), actor="ann", at=NOW).state is CaseState.APPROVED


def test_the_same_draft_again_changes_nothing_and_a_submitted_one_cannot_change() -> None:
    case = drafted()
    other = msgspec.convert(plan("a", priority=70), Plan)
    assert life.draft(case.plan, case, rule_set="r2", actor="ann", at=NOW) is case
    assert life.draft(other, case, rule_set="r2", actor="ann", at=NOW).plan.priority == 70
    submitted = life.submit(case, actor="ann", at=NOW)
    assert life.draft(case.plan, submitted, rule_set="r2", actor="ann", at=NOW) is submitted
    with pytest.raises(NotAllowed):
        life.draft(other, submitted, rule_set="r2", actor="ann", at=NOW)


@given(st.lists(st.sampled_from(["submit", "city", "province", "launch", "pause", "resume", "stop", "finish"])))
def test_no_sequence_of_steps_skips_an_approval_or_revives_the_dead(steps: list[str]) -> None:
    case = drafted()
    for step in steps:
        before = case
        try:
            if step == "submit":
                case = life.submit(case, actor="x", at=NOW)
            elif step in ("city", "province"):
                case = life.approve(case, step, actor="x", at=NOW)
            else:
                case = life.move(case, step, actor="x", at=NOW)
        except NotAllowed:
            assert case is before
        if before.state in (CaseState.STOPPED, CaseState.FINISHED):
            assert case.state is before.state
    if case.state in (CaseState.LIVE, CaseState.PAUSED, CaseState.FINISHED, CaseState.STOPPED):
        assert case.approved_levels == 2
    assert [each.number for each in case.history] == list(range(1, len(case.history) + 1))
