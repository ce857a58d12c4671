"""`banyan governance explain`, `history` and `recheck` against a real governance, as if the bus were between."""

import json
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result

from shared.contracts.governance import ListEntry
from tests.integration.governance.world import BLACK, START, WEEKLY, World
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]


@pytest.fixture
def world(tmp_path: Path, fake_bus: FakeBus) -> Iterator[World]:
    """Return a governance that answers what the commands ask."""
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, {"black": BLACK, "weekly": WEEKLY})

    def answering(method: str) -> Callable[..., Any]:
        return lambda **asked: msgspec.to_builtins(getattr(place.use, method)(*asked.values()))

    fake_bus.answers |= {("governance", method): answering(method) for method in ("explain", "history", "recheck")}
    yield place
    place.close()


def blacklist(world: World) -> None:
    entry = ListEntry(customer_id="anna", reason="owes", source="boss", author="ops", ends_at=START + timedelta(days=9))
    world.use.list_put("black", [entry])


def test_explain_prints_counters_with_versions_facts_and_why_it_was_withdrawn(world: World, run: Run) -> None:
    world.use.reserve([world.ask("a", 1), world.ask("b", 2)])
    blacklist(world)
    world.use.recheck(["b"])
    said = run("governance", "explain", "b", "--lang", "en").stdout
    assert "withdrawn and its place given back: black, until 2026-03-11 09:00." in said
    weekly = world.use.explain("b").counters[0]
    assert ["weekly", weekly.rule_version, "2", "1"] in [line.split() for line in said.splitlines()]
    assert "released (withdrawn) · 2026-03-02 01:00 UTC" in said
    world.reserve("c", 3)
    said = run("governance", "explain", "c").stdout
    assert "当时客户在黑名单" in said
    assert "owes · boss" in said.splitlines()[-3]


def test_history_prints_the_decisive_reason_and_from_when_contact_is_possible(world: World, run: Run) -> None:
    blacklist(world)
    world.reserve("a", 1)
    said = run("governance", "history", "anna", "--lang", "en").stdout
    assert said.splitlines()[-1].split()[-4:] == ["black", "2026-03-11", "01:00", "UTC"]


def test_recheck_says_of_each_reservation_whether_it_may_be_used(world: World, run: Run) -> None:
    world.use.reserve([world.ask("a", 1), world.ask("b", 1, customer_id="bert")])
    assert run("governance", "recheck", "a", "b").exit_code == 0
    blacklist(world)
    said = run("governance", "recheck", "a", "b", "--json")
    assert said.exit_code == 1
    assert [one["verdict"] for one in json.loads(said.stdout)] == ["suppress", "permit"]
    said = run("governance", "recheck", "a", "b")
    assert said.exit_code == 1
    assert "2026-03-11 01:00 UTC" in said.stdout
    unknown = {lang: run("governance", "recheck", "nobody", "--lang", lang).stdout for lang in ("zh", "en")}
    assert "不予联系" in unknown["zh"]
    assert "不予联系" not in unknown["en"]
    assert "never permitted" in unknown["en"]
