"""Drafting: every mistake of a plan is named by its path, and nothing of a faulty plan is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound
from tests.unit.campaigns.world import World, offering, plan


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World.at(tmp_path)
    made.offer(offering("tone", "crbt", rules=["app"]), offering("odd", "crbt", rules=["vanished"]))
    return made


Change = Callable[[dict[str, Any]], object]

MISTAKES: list[tuple[str, str, Change]] = [
    ("unknown_offering", "treatments[0].offering", lambda p: p["treatments"][0].update(offering="nothing")),
    ("unknown_rule", "treatments[0].offering", lambda p: p["treatments"][0].update(offering="odd")),
    ("unknown_segment", "phases[0].segment", lambda p: p["phases"][0].update(segment="nobody")),
    ("invalid_plan", "phases[0]", lambda p: p["phases"][0].update(rule={"city": "fuzhou"})),
    ("invalid_plan", "phases[0]", lambda p: p["phases"][0].pop("segment")),
    ("invalid_plan", "phases[0].ends_on", lambda p: p["phases"][0].update(ends_on="2026-03-01")),
    ("invalid_plan", "phases[1].phase", lambda p: p["phases"].append(dict(p["phases"][0]))),
    ("invalid_plan", "cells", lambda p: p["cells"][0].update(share=0.7)),
    ("invalid_plan", "control", lambda p: p.update(control="nobody")),
    ("invalid_plan", "cells[1].treatments", lambda p: p["cells"][1].update(treatments=["only"])),
    ("invalid_plan", "cells[0].treatments", lambda p: p["cells"][0].update(treatments=[])),
    ("invalid_plan", "cells[0].treatments[1]", lambda p: p["cells"][0]["treatments"].append("other")),
    ("invalid_plan", "treatments[0].steps[0].when", lambda p: p["treatments"][0]["steps"][0].update(when=["later"])),
    ("invalid_plan", "treatments[0].steps[1].when", lambda p: p["treatments"][0]["steps"].append({"channel": "sms"})),
    ("invalid_plan", "zone", lambda p: p.update(zone="Asia/Nowhere")),
    ("invalid_plan", "approvals[1]", lambda p: p.update(approvals=["city", "city"])),
    (
        "invalid_request",
        "treatments[0].steps[0].channel",
        lambda p: p["treatments"][0]["steps"][0].update(channel="fax"),
    ),
    ("invalid_request", "phases[0].starts_on", lambda p: p["phases"][0].update(starts_on="soon")),
    ("invalid_request", "colour", lambda p: p.update(colour="red")),
    ("invalid_request", "owner", lambda p: p.pop("owner")),
    ("invalid_request", "priority", lambda p: p.update(priority=101)),
]


@pytest.mark.parametrize(("code", "field", "change"), MISTAKES, ids=[f"{n}-{m[1]}" for n, m in enumerate(MISTAKES)])
def test_a_mistake_is_named_by_code_and_path(world: World, code: str, field: str, change: Change) -> None:
    made = plan("a")
    change(made)
    with pytest.raises(InvalidRequest) as caught:
        world.use.cases.draft(made)
    assert (caught.value.code, caught.value.details["field"]) == (code, field)
    with pytest.raises(NotFound):
        world.use.cases.status("a")


def test_every_mistake_is_reported_at_once(world: World) -> None:
    made = plan("a", control="nobody", zone="Nowhere")
    with pytest.raises(InvalidRequest) as caught:
        world.use.cases.draft(made)
    assert [each["field"] for each in caught.value.details["faults"]] == ["zone", "control", "cells[1].treatments"]


def test_an_unreadable_rule_carries_the_rule_language_s_own_words(world: World) -> None:
    world.rules.unreadable = ["rule.city: unknown fact"]
    phase = {"phase": "p1", "starts_on": "2026-03-02", "ends_on": "2026-03-15", "rule": {"citty": "fuzhou"}}
    with pytest.raises(InvalidRequest) as caught:
        world.use.cases.draft(plan("a", phases=[phase]))
    assert caught.value.code == "invalid_rule"
    assert "rule.city: unknown fact" in caught.value.message


def test_drafting_the_same_plan_again_changes_nothing(world: World) -> None:
    first = world.use.cases.draft(plan("a"))
    assert world.use.cases.draft(plan("a")) == first
    assert world.use.cases.draft(plan("a", priority=60)).state == "draft"
    world.use.cases.submit("a")
    assert world.use.cases.draft(plan("a", priority=60)).state == "submitted"
    with pytest.raises(NotAllowed):
        world.use.cases.draft(plan("a"))


def test_approval_goes_level_by_level_and_needs_a_name(world: World) -> None:
    world.use.cases.draft(plan("a"))
    assert world.use.cases.submit("a").awaiting_level == "city"
    with pytest.raises(NotAllowed):
        world.use.cases.approve("a", "province", "boss")
    with pytest.raises(InvalidRequest):
        world.use.cases.approve("a", "city", " ")
    with pytest.raises(NotAllowed):
        world.use.cases.move("a", "launch")
    assert world.use.cases.approve("a", "city", "boss").awaiting_level == "province"
    assert world.use.cases.approve("a", "province", "boss").state == "approved"
    assert world.use.cases.move("a", "launch").state == "live"


def test_a_campaign_nobody_drafted_is_not_found(world: World) -> None:
    for ask in (world.use.cases.status, world.use.cases.submit):
        with pytest.raises(NotFound):
            ask("ghost")
