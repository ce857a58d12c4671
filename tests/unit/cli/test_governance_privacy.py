"""`banyan governance subscriber` and `prune`: what they ask, what they print, how they end."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import Result

from services.workbench.cli.governance import retention as pruning
from tests.integration.governance.world import BLACK, WEEKLY, World
from tests.support.fake_bus import FakeBus

Run = Callable[..., Result]
ERASE = ("governance", "subscriber", "erase", "anna", "--author", "Lin", "--reason", "request 17")


@pytest.fixture
def world(tmp_path: Path, fake_bus: FakeBus) -> Iterator[World]:
    """Return a governance that knows Anna, and answers what the commands ask."""
    place = World(f"sqlite:///{tmp_path}/governance.sqlite", tmp_path, {"weekly": WEEKLY, "black": BLACK})
    place.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = "k" * 32
    place.use = place.another()
    place.reserve("a", 1)
    for name in ("subscriber_export", "subscriber_erase"):  # looked up when asked, since tests replace the service
        fake_bus.answers["governance", name] = lambda name=name, **rest: msgspec.to_builtins(
            getattr(place.use, name)(**rest)
        )
    fake_bus.answers["governance_bulk", "prune"] = lambda: msgspec.to_builtins(place.use.prune())
    yield place
    place.close()


def test_everything_held_about_a_subscriber_is_written_as_json(run: Run, world: World, tmp_path: Path) -> None:
    shown = run("governance", "subscriber", "export", "anna", "--author", "Lin")
    assert json.loads(shown.stdout)["receipts"][0]["request"]["contact_id"] == "a"
    written = run("governance", "subscriber", "export", "anna", "anna.json", "--author", "Lin")
    assert (written.exit_code, "1 receipts" in written.stdout) == (0, True)
    assert json.loads((tmp_path / "anna.json").read_text("utf-8"))["customer_id"] == "anna"
    told = run("governance", "subscriber", "export", "anna", "anna.json", "--author", "Lin", "--json")
    assert json.loads(told.stdout) == {"file": "anna.json", "receipts": 1, "audit": 3}
    assert [note.action for note in world.use.audit("anna")] == ["subscriber_export"] * 3


def test_a_file_that_cannot_be_written_is_told_in_one_line(run: Run, world: World) -> None:
    assert world
    said = run("governance", "subscriber", "export", "anna", "no/such/folder.json", "--author", "Lin")
    assert said.exit_code == 1
    assert "no/such/folder.json" in said.stderr


def test_erasing_asks_first_and_then_says_what_is_kept(run: Run, world: World) -> None:
    assert run(*ERASE).exit_code == 1  # nobody said yes
    assert world.use.audit("anna") == []
    done = run(*ERASE, "--yes", "--json")
    assert (done.exit_code, json.loads(done.stdout)["contacts"]) == (0, 1)
    assert "已抹除" in run(*ERASE, "--yes").stdout


def test_erasing_without_a_key_says_which_setting_is_missing(run: Run, world: World) -> None:
    del world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"]
    world.use = world.another()
    said = run(*ERASE, "--yes")
    assert said.exit_code == 1
    assert said.stderr.startswith("banyan: erasure_key_missing: ")
    assert "BANYAN_GOVERNANCE_ERASURE_KEY" in said.stderr


def test_pruning_once_says_when_there_is_more_and_until_done_goes_on(
    run: Run, fake_bus: FakeBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(pruning.time, "sleep", pauses.append)
    common = {"before": "2026-01-01T00:00:00Z", "outcomes": 0}
    left = [
        {**common, "contacts": 7, "suppressions": 2, "batches": 1, "is_finished": False},
        {**common, "contacts": 0, "suppressions": 0, "batches": 0, "is_finished": False},  # another process is at it
        {**common, "contacts": 5, "suppressions": 0, "batches": 1, "is_finished": True},
    ]
    answers = iter([left[0], *left])
    fake_bus.answers["governance_bulk", "prune"] = lambda: next(answers)
    once = run("governance", "prune")
    assert (once.exit_code, "--until-done" in once.stdout) == (0, True)
    whole = run("governance", "prune", "--until-done", "--json")
    told = json.loads(whole.stdout)
    assert (told["contacts"], told["suppressions"], told["batches"], told["is_finished"]) == (12, 2, 2, True)
    assert len(pauses) == 1


def test_pruning_asks_the_service_as_it_stands(run: Run, world: World) -> None:
    world.pass_hours(24 * 800)
    assert json.loads(run("governance", "prune", "--json").stdout)["contacts"] == 1
