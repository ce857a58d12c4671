"""Evaluations, contacts and summaries as a rehearsal would leave them, and services that answer from a script."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

from services.workbench.report.summary import CheckResult, ImportSummary, Summary
from shared.contracts.campaigns import (
    Breakdown,
    CellResult,
    Evaluation,
    KpiResult,
    Money,
    Story,
    StoryLine,
    SuppressionCount,
)
from shared.contracts.wire import Reason

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
T = TypeVar("T")


def a_cell(*, is_control: bool, members: int = 10, converted: int = 2) -> CellResult:
    gain = None if is_control else 0.1
    return CellResult(
        phase="p1",
        cell="control" if is_control else "main",
        is_control=is_control,
        members=members,
        contacted=5,
        reached=4,
        accepted=3,
        fulfilled=2,
        converted=converted,
        conversion=converted / members if members else 0.0,
        uplift=gain,
        uplift_low=gain and gain - 0.2,
        uplift_high=gain and gain + 0.2,
    )


def an_evaluation(campaign_id: str = "a", **changes: Any) -> Evaluation:
    given: dict[str, Any] = {
        "campaign_id": campaign_id,
        "name_zh": f"活动{campaign_id}",
        "name_en": f"campaign {campaign_id}",
        "state": "live",
        "rule_set": "r1",
        "funnel": {"audience": 20, "eligible": 15, "contacted": 9},
        "suppressions": [SuppressionCount(stage="eligible", rule_id="app", text="不合适 / does not fit", customers=4)],
        "cells": [a_cell(is_control=False, converted=4), a_cell(is_control=True)],
        "kpis": [
            KpiResult(kpi="success_rate", name_zh="成功率", name_en="success", target=0.2, actual=0.1, attainment=0.5)
        ],
        "money": Money(contact_cost=1_234, gift_cost=0, revenue=0, cost_per_success=None, return_on_cost=None),
        "breakdowns": [Breakdown(dimension="city", value="福州", contacted=1, reached=1, accepted=0)],
        "unknown_facts": {"age": 3},
        "refusal_reasons": {"太贵": 2},
    }
    return Evaluation(**(given | changes))


def a_summary(**changes: Any) -> Summary:
    reason = Reason(rule_id="cap", rule_version="1", text="已满 / full")
    line = StoryLine(at=NOON, campaign_id="a", zh="短信推荐", en="was offered by SMS", reasons=[reason])
    given: dict[str, Any] = {
        "seed": 7,
        "starts_on": "2026-03-02",
        "days": 4,
        "rule_set": "r1",
        "intake": ImportSummary("generated province, seed 7", True, 20, 0, 0),
        "evaluations": [an_evaluation("a"), an_evaluation("b")],
        "story": Story(customer_id="c1", lines=[line]),
        "contacts_by_day": {"sms": {"2026-03-02": 3, "2026-03-04": 1}, "hall": {"2026-03-03": 2}},
        "contacts": 6,
        "inbound_contacts": 2,
        "checks": [CheckResult("每周不超过三次", "at most three a week", 6, 0)],
    }
    return Summary(**(given | changes))


def a_contact(
    contact_id: str, customer_id: str = "c1", at: str | None = "2026-03-02T04:00:00Z", **more: Any
) -> dict[str, Any]:
    """Return a contact as `report.json` holds it."""
    return {
        "contact_id": contact_id,
        "customer_id": customer_id,
        "campaign_id": "a",
        "phase": "p1",
        "cell": "main",
        "offering_id": "tone",
        "channel": "sms",
        "planned_at": at or "2026-03-02T04:00:00Z",
        "state": "sent",
        "contacted_at": at,
        "outcome": None,
        "fulfilled_at": None,
        "direction": "outbound",
        "category": "crbt",
        "purpose": "marketing",
    } | more


class ScriptedCaller:
    """Answers `service.method` by a function of the arguments; remembers what was asked."""

    def __init__(self, answers: Mapping[str, Callable[[Mapping[str, Any]], Any]]) -> None:
        self.answers = answers
        self.asked: list[tuple[str, Mapping[str, Any]]] = []

    def call(self, service: str, method: str, arguments: Mapping[str, Any], returns: type[T], timeout: float) -> T:
        assert timeout > 0
        name = f"{service}.{method}"
        self.asked.append((name, arguments))
        answer = self.answers[name](arguments)
        assert isinstance(answer, returns)
        return answer
