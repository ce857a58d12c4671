"""What a process tells about the rules it has in force: log lines and figures."""

import errno
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from structlog.testing import capture_logs

from shared.observability import rules_in_force as module
from shared.observability.metrics import exposition
from shared.observability.rules_in_force import open_rules, rules_state
from shared.rulekit.faults import RuleFaults
from tests.unit.rulekit.rule_folders import make_folder, put_rule


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    make_folder(tmp_path / "rules")
    put_rule(tmp_path / "rules", "segments", "one", "when: {age: 1}\n")
    return tmp_path / "rules"


def figures(service: str) -> dict[str, float]:
    """Return a service's figures by name, the version of the rule set behind a colon."""
    found = {}
    for line in exposition().decode().splitlines():
        if line.startswith("banyan_rules_") and f'service="{service}"' in line:
            name, value = line.rsplit(" ", 1)
            version = name.partition('version="')[2].partition('"')[0]
            found[name.partition("{")[0] + (f":{version}" if version else "")] = float(value)
    return found


def test_the_set_in_force_is_shown_and_only_that_one(folder: Path) -> None:
    source = open_rules(folder, None, "shown")
    first = source.current().version
    before = figures("shown")
    assert before[f"banyan_rules_info:{first}"] == 1
    assert before["banyan_rules_loaded_timestamp"] > 1.7e9
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    source.look(at_once=True)
    second = source.current().version
    assert f"banyan_rules_info:{first}" not in figures("shown")
    assert figures("shown")[f"banyan_rules_info:{second}"] == 1


def test_a_refused_set_is_counted_for_every_service_that_reads_it(folder: Path, tmp_path: Path) -> None:
    source = open_rules(folder, tmp_path / "sets", "reader")
    open_rules(folder, tmp_path / "sets", "reader too")
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    for _ in range(3):
        source.look(at_once=True)
    for service in ("reader", "reader too"):
        state = rules_state(service)
        assert state is not None
        assert state.version == source.current().version
        assert [str(fault).partition("rules/")[2] for fault in state.faults] == [
            "segments/one/rule.yaml:4:8: unknown_fact: there is no fact 'aged' (did you mean 'age'?)"
        ]
        assert figures(service)["banyan_rules_refused_total"] == 1
        assert figures(service)["banyan_rules_stale_seconds"] > 0


def test_a_service_that_needs_rules_is_told_why_there_are_none(folder: Path) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    with capture_logs() as logs, pytest.raises(RuleFaults, match="unknown_fact"):
        open_rules(folder, None, "needy")
    [line] = [line for line in logs if line["event"] == "rules_refused"]
    assert (line["count"], line["in_force"]) == (1, None)
    assert "segments/one/rule.yaml:4:8" in line["faults"][0]


def test_a_service_that_can_wait_gets_its_rules_as_soon_as_they_are_sound(folder: Path) -> None:
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    source = open_rules(folder, None, "patient", may_be_empty=True)
    assert figures("patient")["banyan_rules_refused_total"] == 1
    put_rule(folder, "segments", "one", "when: {age: 2}\n")
    source.look(at_once=True)
    assert figures("patient")[f"banyan_rules_info:{source.current().version}"] == 1


def test_a_log_that_cannot_be_written_does_not_end_the_looking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = open_rules(folder, None, "on a full disk")
    first = source.state.version
    is_full = threading.Event()

    def error(*_: object, **__: object) -> None:
        is_full.set()
        raise OSError(errno.ENOSPC, "no space left on device")

    monkeypatch.setattr(module, "_log", SimpleNamespace(error=error, info=lambda *_, **__: None))
    put_rule(folder, "segments", "one", "when: {aged: 2}\n")
    assert is_full.wait(60)
    put_rule(folder, "segments", "one", "when: {age: 3}\n")
    deadline = time.monotonic() + 60
    while source.state.version == first and time.monotonic() < deadline:
        time.sleep(0.1)  # nobody asks for the rules: only who looks in the background can have taken them
    assert source.state.version != first
    assert source.faults == ()
