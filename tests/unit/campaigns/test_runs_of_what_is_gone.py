"""Runs whose segments or rules are gone meanwhile, or whose neighbours are broken."""

from datetime import timedelta
from pathlib import Path

import pytest

from shared.kernel.faults import Fault, RemoteFault, Unavailable
from tests.unit.campaigns.mortality import unavailable
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.test_runs import start
from tests.unit.campaigns.world import MORNING, plan


def test_a_segment_that_is_gone_keeps_no_other_campaign_from_running(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"), plan("b"))
    world.trouble.at, world.trouble.kind = 1, lambda: RemoteFault("unknown_segment", "there is no segment 'everybody'")
    assert world.run_at(MORNING).phases_opened == 1
    assert {campaign for _, campaign in world.candidates()} == {"b"}
    assert world.run_at(MORNING + timedelta(hours=1)).phases_opened == 1
    assert {campaign for _, campaign in world.candidates()} == {"a", "b"}


def test_a_customer_view_that_is_broken_ends_the_run(tmp_path: Path) -> None:
    world = start(tmp_path, plan("a"))
    world.trouble.at, world.trouble.kind = 1, lambda: RemoteFault(Fault.code, "no database")
    with pytest.raises(RemoteFault, match="no database"):
        world.run_at(MORNING)


def test_a_rule_that_is_gone_since_the_audience_was_frozen_still_keeps_back_who_failed_it(tmp_path: Path) -> None:
    rules = FakeRules()
    world = start(tmp_path, plan("a", "app"), rules=rules, size=20)
    world.view.failed = {"c00001": ["app"], "c00002": ["app"], "c00003": ["app"]}
    world.trouble.at, world.trouble.kind = 2, unavailable  # the audience is frozen, its first page does not come
    with pytest.raises(Unavailable):
        world.run_at(MORNING)
    rules.eligibility = {}
    world.run_at(MORNING)
    states = {who: state for (who, _), state in world.candidates().items() if who in world.view.failed}
    assert len(states) == 3
    assert set(states.values()) <= {"dropped", "control"}
    assert "dropped" in states.values()
