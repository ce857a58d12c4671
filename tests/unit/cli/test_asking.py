"""Commands that ask services: what they ask, what they print, how they end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime

from click.testing import Result

from shared.kernel.faults import Unavailable
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]
NOON = "2026-03-02T12:00:00+08:00"


def test_an_explanation_is_given_in_the_language_asked_for(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["governance", "explain"] = RECEIPT
    assert "七天内已触达三次" in run("governance", "explain", "c1").stdout
    said = run("governance", "explain", "c1", "--lang", "en").stdout
    assert "three contacts within seven days" in said
    assert "weekly-cap" in said
    assert fake_bus.asked[-1] == ("governance", "explain", {"contact_id": "c1"})


def test_json_is_the_whole_receipt(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["governance", "explain"] = RECEIPT
    printed = json.loads(run("governance", "explain", "c1", "--json").stdout)
    assert printed["counters"] == [{"rule_id": "weekly-cap", "limit": 3, "used": 3, "rule_version": ""}]
    assert printed["request"]["customer_id"] == "s1"


def test_history_shows_the_decisive_reason_of_each_decision(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["governance", "history"] = [RECEIPT]
    said = run("governance", "history", "s1")
    assert said.exit_code == 0
    assert "suppress" in said.stdout
    assert fake_bus.asked == [("governance", "history", {"customer_id": "s1"})]


def test_the_status_of_a_campaign_shows_whose_turn_it_is(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["campaigns", "status"] = {
        "campaign_id": "crbt-potential",
        "name_zh": "彩铃潜在客户",
        "name_en": "CRBT potential",
        "state": "submitted",
        "awaiting_level": "city",
        "rule_set": "abc",
        "funnel": {"audience": 1200, "eligible": 900},
    }
    said = run("campaigns", "status", "crbt-potential").stdout
    assert "submitted · awaiting city" in said
    assert "1200" in said


def test_an_evaluation_shows_uplift_with_its_interval_and_money_in_yuan(run: Run, fake_bus: FakeBus) -> None:
    fake_bus.answers["campaigns_bulk", "evaluate"] = EVALUATION
    said = run("campaigns", "evaluate", "crbt-potential").stdout
    assert "main" in said
    assert "control (control)" in said
    assert "12.5%" in said
    assert "1,234.50" in said


def test_status_fails_when_one_container_does_not_answer(run: Run, fake_bus: FakeBus) -> None:
    now = datetime.now(UTC).isoformat()
    fake_bus.answers["governance", "ping"] = {"service": "governance", "time": now, "rule_set": "abc"}
    fake_bus.answers["governance_bulk", "ping"] = Unavailable("there is no service 'governance_bulk' on the bus")
    said = run("status", "governance", "--json")
    assert said.exit_code == 1
    well, ill = json.loads(said.stdout)
    assert (well["container"], well["is_well"], well["rule_set"]) == ("governance", True, "abc")
    assert abs(well["clock_skew_s"]) < 5
    assert (ill["is_well"], ill["fault"]) == (False, "unavailable: there is no service 'governance_bulk' on the bus")


def test_status_of_one_pool_asks_that_one_alone(run: Run, fake_bus: FakeBus) -> None:
    now = datetime.now(UTC).isoformat()
    fake_bus.answers["governance_bulk", "ping"] = {"service": "governance_bulk", "time": now}
    assert run("status", "governance_bulk").exit_code == 0
    assert [service for service, _, _ in fake_bus.asked] == ["governance_bulk"]


def test_status_of_an_unknown_service_names_the_nearest(run: Run, fake_bus: FakeBus) -> None:
    said = run("status", "governence")
    assert said.exit_code == 1
    assert "did you mean governance?" in said.stderr
    assert fake_bus.asked == []


RECEIPT = {
    "request": {
        "contact_id": "c1",
        "customer_id": "s1",
        "channel": "sms",
        "campaign_id": "crbt-potential",
        "offering_id": "crbt-ten-two",
        "category": "crbt",
        "purpose": "marketing",
        "direction": "outbound",
        "planned_at": NOON,
    },
    "verdict": {
        "contact_id": "c1",
        "verdict": "suppress",
        "reasons": [{"rule_id": "weekly-cap", "rule_version": "0123456789ab", "text": "three contacts in 7 days"}],
        "next_allowed_at": NOON,
        "expires_at": None,
    },
    "state": "suppressed",
    "decided_at": NOON,
    "rule_set": "abc",
    "counters": [{"rule_id": "weekly-cap", "limit": 3, "used": 3}],
    "explanation_zh": "七天内已触达三次",
    "explanation_en": "three contacts within seven days",
}

CELL = {
    "phase": "one",
    "cell": "main",
    "is_control": False,
    "members": 800,
    "contacted": 500,
    "reached": 400,
    "accepted": 90,
    "fulfilled": 88,
    "converted": 100,
    "conversion": 0.125,
    "uplift": 0.05,
    "uplift_low": 0.02,
    "uplift_high": 0.08,
}
CONTROL = CELL | {"cell": "control", "is_control": True, "uplift": None, "uplift_low": None, "uplift_high": None}

EVALUATION = {
    "campaign_id": "crbt-potential",
    "name_zh": "彩铃潜在客户",
    "name_en": "CRBT potential",
    "state": "finished",
    "rule_set": "abc",
    "funnel": {"audience": 1200},
    "suppressions": [{"stage": "after_limits", "rule_id": "weekly-cap", "text": "weekly cap", "customers": 7}],
    "cells": [CELL, CONTROL],
    "kpis": [
        {"kpi": "accepted", "name_zh": "接受", "name_en": "accepted", "target": 100, "actual": 90, "attainment": 0.9}
    ],
    "money": {
        "contact_cost": 123450,
        "gift_cost": 0,
        "revenue": 500000,
        "cost_per_success": 1402.8,
        "return_on_cost": 3.05,
    },
    "breakdowns": [],
    "unknown_facts": {},
    "refusal_reasons": {},
}
