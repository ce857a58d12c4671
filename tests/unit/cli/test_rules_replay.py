"""`banyan rules replay`: over the databases and over a file, what it prints, and how it ends."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from services.campaigns.dependencies import MIGRATIONS
from shared.persistence import Database
from shared.persistence.migrations import migrate
from tests.integration.governance.world import World, write_rules

Run = Callable[..., Result]
DAILY = "kind: frequency_cap\nper: customer\nlimit: {}\nwindow: {{calendar: day}}"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    """Return a ledger with two contacts permitted and one suppressed, beside a desk that nobody visited."""
    campaigns = Database(f"sqlite:///{tmp_path}/campaigns.sqlite")
    migrate(campaigns, MIGRATIONS)
    campaigns.close()
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, {"daily": DAILY.format(2)})
    for hours in (1, 2, 3):
        place.reserve(f"contact-{hours}", hours, customer_id="customer-anna")
    place.close()
    return place


@pytest.fixture
def databases(tmp_path: Path, world: World) -> str:
    assert world.rules.is_dir()
    return f"sqlite:///{tmp_path}/{{service}}.sqlite"


def test_under_the_rules_in_force_then_nothing_differs(run: Run, world: World, databases: str) -> None:
    said = run("rules", "replay", "--rules", str(world.rules), "--database", databases, "--json")
    report = json.loads(said.stdout)
    assert said.exit_code == 0
    assert (report["limits"]["judged"], report["limits"]["same"], report["limits"]["changes"]) == (3, 3, [])
    assert report["recorded_under"] == {report["rule_set"]: 3}


def test_what_differs_is_told_with_its_rule_and_ends_in_one(
    run: Run, world: World, databases: str, tmp_path: Path
) -> None:
    other = write_rules(tmp_path / "other", {"daily": DAILY.format(1)})
    asked = ("rules", "replay", "--rules", str(world.rules), "--against", str(other), "--database", databases)
    said = run(*asked, "--lang", "en")
    assert said.exit_code == 1
    assert str(other) in said.stdout
    [line] = [line for line in said.stdout.splitlines() if "permit → suppress" in line and "daily" in line]
    assert "contact-2 · cu…na" in line
    assert "允许→不允许" in run(*asked).stdout
    [change] = json.loads(run(*asked, "--json", "--ids").stdout)["limits"]["changes"]
    assert (change["direction"], change["rule_id"], change["count"]) == ("permit_to_suppress", "daily", 1)
    assert [sample["customer_id"] for sample in change["samples"]] == ["customer-anna"]


def test_decisions_written_to_a_file_are_judged_from_it(run: Run, world: World, databases: str, tmp_path: Path) -> None:
    file = tmp_path / "decisions.jsonl"
    rules = ("--rules", str(world.rules))
    said = run("rules", "replay", *rules, "--database", databases, "--export", str(file))
    assert (said.exit_code, said.stdout.split()[:2]) == (0, ["3", "decisions"])
    report = json.loads(run("rules", "replay", *rules, "--decisions", str(file), "--json").stdout)
    assert (report["limits"]["judged"], report["limits"]["same"]) == (3, 3)


def test_a_span_leaves_the_others_out(run: Run, world: World, databases: str) -> None:
    asked = ("rules", "replay", "--rules", str(world.rules), "--database", databases, "--json")
    assert json.loads(run(*asked, "--since", "2026-03-03").stdout)["limits"]["judged"] == 0
    assert json.loads(run(*asked, "--until", "2026-03-02T01:00:01").stdout)["limits"]["judged"] == 3


def test_a_database_that_is_not_there_is_told_with_what_to_do(run: Run, world: World, tmp_path: Path) -> None:
    nowhere = f"sqlite:///{tmp_path}/nowhere-{{service}}.sqlite"
    said = run("rules", "replay", "--rules", str(world.rules), "--database", nowhere)
    assert said.exit_code == 1
    assert "banyan migrate" in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--database", "sqlite:///{service}", "--decisions", "x"), "--database or --decisions"),
        (("--since", "last week"), "--since"),
        (("--sample", "many"), "--sample"),
    ],
)
def test_what_cannot_be_meant_is_a_mistake_in_usage(
    run: Run, world: World, options: tuple[str, ...], words: str
) -> None:
    said = run("rules", "replay", "--rules", str(world.rules), *options)
    assert said.exit_code == 2
    assert words in said.stderr


def test_a_file_that_is_not_there_is_told(run: Run, world: World) -> None:
    said = run("rules", "replay", "--rules", str(world.rules), "--decisions", "nothing.jsonl")
    assert said.exit_code == 1
    assert "nothing.jsonl" in said.stderr
