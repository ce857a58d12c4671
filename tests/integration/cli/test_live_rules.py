"""Rules change while services run: two replicas on a real broker, one folder of rules, one archive."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.messaging.roll_call import Presence
from shared.messaging.roll_call_asking import Roll, call_roll
from shared.messaging.settings import BusSettings
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import make_folder, put_rule

pytestmark = pytest.mark.servers
ROOT = Path(__file__).parents[3]
BANYAN = [sys.executable, "-m", "services.workbench.cli.main"]
CONTAINERS = ("catalogue", "catalogue_bulk")
PATIENCE = 60.0  # seconds until a test gives up; a change takes two


class Town:
    """Two processes that serve the catalogue, each on a database of its own."""

    def __init__(self, amqp_url: str, folder: Path) -> None:
        self.rules = make_folder(folder / "rules")
        self._folder = folder
        self._ages = iter(range(1, 1000))
        self._running: dict[str, subprocess.Popen[str]] = {}
        self.settings = BusSettings(amqp_url=amqp_url)
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("BANYAN_")},
            "BANYAN_AMQP_URL": amqp_url,
            "BANYAN_RULES_DIR": str(self.rules),
            "BANYAN_RULE_SETS": str(folder / "rule_sets"),
            "BANYAN_METRICS_PORT": "0",
            "PYTHONWARNINGS": "ignore",
        }
        self.edit()
        for name in ("east", "west"):
            self.run("migrate", "catalogue", BANYAN_VAR=str(folder / name))
            self.start(name)

    def start(self, name: str) -> None:
        """Start a process and wait until it serves."""
        with (self._folder / f"{name}.log").open("w") as log:
            process = subprocess.Popen(
                [*BANYAN, "serve", "catalogue"],
                cwd=ROOT,
                env=self.environment | {"BANYAN_VAR": str(self._folder / name)},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._running[name] = process
        assert process.stdout is not None
        assert process.stdout.readline().startswith("banyan ready:"), self.log(name)

    def stop(self, name: str) -> None:
        """End a process as an operator does."""
        process = self._running.pop(name)
        process.send_signal(signal.SIGTERM)
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()

    def send(self, name: str, number: signal.Signals) -> None:
        """Signal a process."""
        self._running[name].send_signal(number)

    def close(self) -> None:
        """End all."""
        for name in list(self._running):
            self.send(name, signal.SIGCONT)
            self.stop(name)

    def log(self, name: str) -> str:
        """Return what a process has written since it was started."""
        return (self._folder / f"{name}.log").read_text("utf-8")

    def edit(self) -> str:
        """Change the rule into one that is sound; returns the version of the set."""
        put_rule(self.rules, "segments", "one", f"when: {{age: {next(self._ages)}}}\n")
        return load_rules(self.rules).version

    def spoil(self) -> None:
        """Misspell the rule's fact."""
        put_rule(self.rules, "segments", "one", "when: {aged: 2}\n")

    def run(self, *arguments: str, **settings: str) -> "subprocess.CompletedProcess[str]":
        """Call `banyan`."""
        return subprocess.run(
            [*BANYAN, *arguments],
            cwd=ROOT,
            env=self.environment | settings,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def call(self) -> Roll:
        """Call the roll."""
        return call_roll(self.settings, CONTAINERS, 5)

    def wait_until(self, holds: Callable[[Presence], bool]) -> Sequence[Presence]:
        """Return the first roll call in which all four containers are there and each fulfils a condition."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            present = self.call().present
            if len(present) == 4 and all(holds(one) for one in present):
                return present
            time.sleep(0.2)
        pytest.fail(f"not so within {PATIENCE:g} s: {present}")

    def wait_for(self, version: str) -> Sequence[Presence]:
        """Return the roll call in which all run a version and none has anything to complain of."""
        return self.wait_until(lambda one: one.rule_set == version and not one.fault_count)

    def figures(self, name: str) -> str:
        """Read a process's page for Prometheus."""
        found = re.search(r"http://127\.0\.0\.1:\d+/metrics", self.log(name))
        assert found, self.log(name)
        return httpx.get(found[0], timeout=10, trust_env=False).text


@pytest.fixture(scope="module")
def one_town(amqp_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    town = Town(amqp_url, tmp_path_factory.mktemp("live"))
    yield town
    town.close()


@pytest.fixture
def town(one_town: Town) -> Town:
    """Begin every test with one sound set, known to all and not pinned."""
    one_town.run("rules", "sets", "unpin")
    one_town.wait_for(one_town.edit())
    return one_town


def status_of(town: Town, *arguments: str) -> tuple[int, Any]:
    done = town.run("rules", "status", "--json", *arguments)
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_every_replica_takes_a_change_without_being_asked_for_anything(town: Town) -> None:
    version = town.edit()
    code, status = status_of(town, "--wait", f"{PATIENCE:g}")
    assert (code, status["rule_sets"], status["local"]["version"]) == (0, [version], version)
    assert [one["container"] for one in status["processes"]] == ["catalogue"] * 2 + ["catalogue_bulk"] * 2
    assert len({one["pid"] for one in status["processes"]}) == 2
    assert "governance" in status["absent"]
    assert town.run("status", "catalogue").stdout.count(version) == 2


def test_an_invalid_change_is_refused_and_told_by_every_replica(town: Town) -> None:
    before = load_rules(town.rules).version
    town.spoil()
    present = town.wait_until(lambda one: one.fault_count > 0)
    assert {one.rule_set for one in present} == {before}
    assert all("segments/one/rule.yaml:4:8: unknown_fact" in one.faults[0] for one in present)
    code, status = status_of(town)
    assert (code, status["local"]["version"]) == (1, None)
    said = town.run("rules", "status", "--lang", "en")
    assert said.stdout.count("segments/one/rule.yaml:4:8: unknown_fact") == 2  # theirs, and the folder's here
    assert "stale" in said.stdout
    for name in ("east", "west"):
        assert "rules_refused" in town.log(name)
        page = town.figures(name)
        assert f'banyan_rules_info{{service="catalogue",version="{before}"}} 1.0' in page
        assert re.search(r'banyan_rules_refused_total\{service="catalogue"\} [1-9]', page)
        assert re.search(r'banyan_rules_stale_seconds\{service="catalogue"\} (?!0\.0\n)', page)


def test_a_service_that_starts_during_an_invalid_change_runs_the_newest_kept_set(town: Town) -> None:
    before = load_rules(town.rules).version
    town.spoil()
    town.wait_until(lambda one: one.fault_count > 0)
    town.stop("west")
    town.start("west")
    present = town.wait_until(lambda one: one.rule_set == before and one.fault_count > 0)
    assert sorted({one.origin for one in present if one.origin}) == ["archive", "folder"]
    assert "unknown_fact" in town.log("west")


def test_a_set_is_rolled_back_pinned_and_unpinned(town: Town) -> None:
    good = load_rules(town.rules).version
    bad = town.edit()
    town.wait_for(bad)
    done = json.loads(town.run("rules", "sets", "rollback", "--reason", "too many calls", "--json").stdout)
    assert (done["version"], done["reason"]) == (good, "too many calls")
    assert {one.pinned for one in town.wait_for(good)} == {good}
    assert status_of(town, "--wait", f"{PATIENCE:g}")[0] == 0
    later = town.edit()
    town.wait_for(good)
    assert town.run("rules", "sets", "pin", bad, "--reason", "for the test").returncode == 0
    town.wait_for(bad)
    assert town.run("rules", "sets", "unpin").returncode == 0
    assert {one.origin for one in town.wait_for(later)} == {"folder"}


def test_a_replica_that_does_not_answer_is_counted(town: Town) -> None:
    expected = {"catalogue": 1, "catalogue_bulk": 1}
    town.send("west", signal.SIGSTOP)
    try:
        deadline = time.monotonic() + PATIENCE
        while (silent := call_roll(town.settings, CONTAINERS, 2).silent) != expected:  # the other may be slow
            assert time.monotonic() < deadline, silent
        code, status = status_of(town, "--timeout", "1")
    finally:
        town.send("west", signal.SIGCONT)
    assert code == 1
    assert status["silent"].keys() == expected.keys()
    town.wait_until(lambda one: one.reads_rules)


def test_nobody_there_is_a_failure(broker: Any) -> None:
    url = broker.create_vhost()
    try:
        done = subprocess.run(
            [*BANYAN, "rules", "status", "--timeout", "0.2", "--lang", "en"],
            cwd=ROOT,
            env=os.environ | {"BANYAN_AMQP_URL": url},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        broker.delete_vhost(url)
    assert done.returncode == 1
    assert "no process answered" in done.stdout
