"""The life of a campaign case: drafted, submitted, approved level by level, launched; all with who and when."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from services.campaigns.domain.plan import Plan
from shared.kernel.faults import NotAllowed


class CaseState(StrEnum):
    """Where a case stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    LIVE = "live"
    PAUSED = "paused"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """One change of a case: what was done, by whom, when."""

    number: int
    action: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Case:
    """A campaign and where it stands; `approved_levels` counts the levels of the plan that have agreed."""

    plan: Plan
    state: CaseState
    approved_levels: int
    rule_set: str
    history: tuple[HistoryEntry, ...]

    @property
    def campaign_id(self) -> str:
        """The plan's own id."""
        return self.plan.campaign

    @property
    def awaiting_level(self) -> str | None:
        """The approval level whose turn it is, None when none is."""
        return self.plan.approvals[self.approved_levels] if self.state is CaseState.SUBMITTED else None


# action -> the states it may start from, and where it leads
_MOVES: Mapping[str, tuple[frozenset[CaseState], CaseState]] = {
    "launch": (frozenset({CaseState.APPROVED}), CaseState.LIVE),
    "pause": (frozenset({CaseState.LIVE}), CaseState.PAUSED),
    "resume": (frozenset({CaseState.PAUSED}), CaseState.LIVE),
    "stop": (frozenset({CaseState.APPROVED, CaseState.LIVE, CaseState.PAUSED}), CaseState.STOPPED),
    "finish": (frozenset({CaseState.LIVE}), CaseState.FINISHED),
}


def draft(plan: Plan, existing: Case | None, *, rule_set: str, actor: str, at: datetime) -> Case:
    """Return the drafted case; the same plan again changes nothing, and a submitted case can no longer change."""
    if existing is None:
        return Case(plan, CaseState.DRAFT, 0, rule_set, (HistoryEntry(1, "draft", actor, at),))
    if existing.plan == plan:
        return existing
    if existing.state is not CaseState.DRAFT:
        raise _refused(existing, "draft")
    return _moved(replace(existing, plan=plan, rule_set=rule_set), "draft", CaseState.DRAFT, actor, at)


def submit(case: Case, *, actor: str, at: datetime) -> Case:
    """Return the case handed in for approval; submitting again changes nothing. A case without levels is approved."""
    if case.state is CaseState.SUBMITTED:
        return case
    if case.state is not CaseState.DRAFT:
        raise _refused(case, "submit")
    target = CaseState.SUBMITTED if case.plan.approvals else CaseState.APPROVED
    return _moved(case, "submit", target, actor, at)


def approve(case: Case, level: str, *, actor: str, at: datetime) -> Case:
    """Return the case with one level's agreement; a level that agreed before changes nothing, any other must wait."""
    if level in case.plan.approvals[: case.approved_levels]:
        return case
    if case.awaiting_level != level:
        awaited = {"awaiting_level": case.awaiting_level}
        message = f"{case.campaign_id} does not await approval by {level!r}"
        raise NotAllowed(message, details=awaited)
    count = case.approved_levels + 1
    target = CaseState.APPROVED if count == len(case.plan.approvals) else CaseState.SUBMITTED
    return _moved(replace(case, approved_levels=count), f"approve:{level}", target, actor, at)


def move(case: Case, action: str, *, actor: str, at: datetime) -> Case:
    """Return the case after `launch`, `pause`, `resume`, `stop` or `finish`; already there changes nothing."""
    sources, target = _MOVES[action]
    if case.state is target:
        return case
    if case.state not in sources:
        raise _refused(case, action)
    return _moved(case, action, target, actor, at)


def _moved(case: Case, action: str, target: CaseState, actor: str, at: datetime) -> Case:
    entry = HistoryEntry(len(case.history) + 1, action, actor, at)
    return replace(case, state=target, history=(*case.history, entry))


def _refused(case: Case, action: str) -> NotAllowed:
    return NotAllowed(f"{case.campaign_id} is {case.state}: {action} is not possible", details={"state": case.state})
