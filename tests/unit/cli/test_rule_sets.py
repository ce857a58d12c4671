"""`banyan rules status` and `banyan rules sets`: what they ask, what they print, how they end."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import Result

from shared.messaging import roll_call_asking
from shared.messaging.roll_call import Presence
from shared.messaging.roll_call_asking import Roll
from shared.rulekit.in_force.archive import RuleArchive
from shared.rulekit.in_force.signature import files_of
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import make_folder, put_rule

Run = Callable[..., Result]
Answer = Callable[..., None]
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
FAULT = "rules/segments/one/rule.yaml:4:8: unknown_fact: there is no fact 'aged'"


def presence(container: str, rule_set: str | None, *faults: str, reads_rules: bool = True) -> Presence:
    return Presence(
        container=container,
        instance=f"{container}-1",
        host="east",
        pid=7,
        started_at=NOON,
        banyan="1.0",
        reads_rules=reads_rules,
        rule_set=rule_set,
        origin="folder" if rule_set else None,
        stale_seconds=90.0 if faults else 0.0,
        fault_count=len(faults),
        faults=list(faults),
    )


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    folder = make_folder(tmp_path / "rules")
    put_rule(folder, "segments", "one", "when: {age: 1}\n")
    return folder


@pytest.fixture
def answer(monkeypatch: pytest.MonkeyPatch) -> Answer:
    """Say which rolls are called, one after another; the last one again and again."""

    def prepare(*rolls: Roll) -> None:
        waiting = list(rolls)
        monkeypatch.setattr(
            roll_call_asking, "call_roll", lambda *_: waiting.pop(0) if len(waiting) > 1 else waiting[0]
        )

    return prepare


def all_run(*versions: str | None) -> Roll:
    names = [f"catalogue-{number}" for number in range(len(versions))]
    return Roll(
        [presence(name, version) for name, version in zip(names, versions, strict=True)], dict.fromkeys(names, 1)
    )


@pytest.mark.usefixtures("rules")
def test_all_is_well_when_everybody_runs_one_set(run: Run, answer: Answer) -> None:
    others = Roll([presence("channels", None, reads_rules=False)], {"channels": 1, "governance": 0})
    answer(Roll([*all_run("aaaaaaaaaaaa", "aaaaaaaaaaaa").present, *others.present], others.replicas))
    said = run("rules", "status", "--lang", "en")
    assert said.exit_code == 0, said.output
    assert said.stdout.count("aaaaaaaaaaaa") == 2
    assert "not running: governance" in said.stdout


@pytest.mark.usefixtures("rules")
def test_processes_that_run_different_sets_are_a_failure(run: Run, answer: Answer) -> None:
    answer(all_run("aaaaaaaaaaaa", "bbbbbbbbbbbb", None))
    said = run("rules", "status", "--lang", "en")
    assert said.exit_code == 1
    assert "processes run different rule sets: –, aaaaaaaaaaaa, bbbbbbbbbbbb" in said.stdout.replace("None", "–")
    assert "规则集不一致" in run("rules", "status").stdout


@pytest.mark.usefixtures("rules")
def test_what_a_process_refused_is_shown_in_full_and_once(run: Run, answer: Answer) -> None:
    faulty = [presence(name, "aaaaaaaaaaaa", FAULT) for name in ("catalogue", "catalogue_bulk")]
    answer(Roll(faulty, {"catalogue": 1, "catalogue_bulk": 1}))
    said = run("rules", "status", "--lang", "en")
    assert said.exit_code == 1
    assert said.stdout.count(FAULT) == 1
    assert "catalogue_bulk/catalogue_bulk-1 refused rules with 1 faults and has been stale for 90 s" in said.stdout


@pytest.mark.usefixtures("rules")
def test_replicas_that_do_not_answer_are_counted(run: Run, answer: Answer) -> None:
    answer(Roll([presence("catalogue", "aaaaaaaaaaaa")], {"catalogue": 3}))
    said = run("rules", "status", "--json")
    assert said.exit_code == 1
    assert json.loads(said.stdout)["silent"] == {"catalogue": 2}


def test_waiting_ends_when_all_run_what_the_folder_says(run: Run, answer: Answer, rules: Path) -> None:
    version = load_rules(rules).version
    answer(all_run("aaaaaaaaaaaa"), all_run(version))
    assert run("rules", "status", "--wait", "30").exit_code == 0
    answer(all_run("aaaaaaaaaaaa"))
    said = run("rules", "status", "--wait", "0", "--lang", "en")
    assert said.exit_code == 1
    assert f"not every process runs rule set {version} yet" in said.stdout


def test_a_faulty_folder_here_is_shown_with_its_faults(run: Run, answer: Answer, rules: Path) -> None:
    put_rule(rules, "segments", "one", "when: {aged: 1}\n")
    answer(all_run("aaaaaaaaaaaa"))
    said = run("rules", "status")
    assert said.exit_code == 0  # what runs is well; this folder may not be theirs
    assert "rule.yaml:4:8: unknown_fact" in said.stdout


@pytest.fixture
def kept(rules: Path, tmp_path: Path) -> list[str]:
    """Keep two sets where the commands look for them."""
    archive = RuleArchive(tmp_path / "var" / "rule_sets")
    versions = []
    for age in (1, 2):
        put_rule(rules, "segments", "one", f"when: {{age: {age}}}\n")
        versions.append(load_rules(rules).version)
        archive.keep(versions[-1], files_of(rules), NOON.replace(hour=age))
    return versions


def test_a_set_is_pinned_listed_shown_and_unpinned(run: Run, kept: list[str]) -> None:
    said = run("rules", "sets", "pin", kept[0], "--reason", "complaints", "--who", "li")
    assert said.exit_code == 0, said.output
    listed = json.loads(run("rules", "sets", "list", "--json").stdout)
    assert [(one["version"], one["is_newest"], one["is_pinned"]) for one in listed["sets"]] == [
        (kept[1], True, False),
        (kept[0], False, True),
    ]
    assert (listed["pin"]["reason"], listed["pin"]["who"]) == ("complaints", "li")
    shown = json.loads(run("rules", "sets", "show", kept[0], "--json").stdout)
    assert (shown["is_sound"], shown["files"], shown["rules"]["segments"]) == (True, 3, 1)
    assert load_rules(Path(shown["folder"])).version == kept[0]
    assert "complaints" in run("rules", "sets", "list").stdout
    assert json.loads(run("rules", "sets", "unpin", "--json").stdout) == {"was_pinned": True}
    assert "nothing was pinned" in run("rules", "sets", "unpin", "--lang", "en").stdout
    assert "没有钉住的规则集" in run("rules", "sets", "unpin").stdout


def test_a_rollback_goes_back_one_set_each_time_until_there_is_none(run: Run, kept: list[str]) -> None:
    done = run("rules", "sets", "rollback", "--json")
    pin = json.loads(done.stdout)
    assert (pin["version"], pin["reason"]) == (kept[0], f"rolled back from {kept[1]}")
    again = run("rules", "sets", "rollback")
    assert again.exit_code == 1
    assert f"no rule set from before {kept[0]} is kept" in again.stderr


def test_without_an_archive_there_is_nothing_to_go_back_to(run: Run) -> None:
    assert run("rules", "sets", "list").exit_code == 0
    said = run("rules", "sets", "rollback")
    assert (said.exit_code, "no rule set is kept yet" in said.stderr) == (1, True)
    assert run("rules", "sets", "show", "0123456789ab").exit_code == 1
    assert run("rules", "sets", "pin", "0123456789ab").exit_code == 2  # without a reason


def test_a_damaged_set_is_shown_as_such_and_cannot_be_pinned(run: Run, kept: list[str], tmp_path: Path) -> None:
    (tmp_path / "var/rule_sets/sets" / kept[0] / "rules/vocabulary.yaml").write_text("facts: {}", "utf-8")
    assert run("rules", "sets", "show", kept[0]).exit_code == 1
    said = run("rules", "sets", "pin", kept[0], "--reason", "why not")
    assert said.exit_code == 1
    assert "set_corrupt" in said.stderr
    assert "已损坏" in run("rules", "sets", "list").stdout
