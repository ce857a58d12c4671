"""`banyan rules test` and `fmt`, on copies of the project's rules."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from click.testing import Result

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"
RULE = "segments/crbt-silent"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the vocabulary and the stages of the CRBT life cycle."""
    copy = tmp_path / "copy"
    copy.mkdir()
    shutil.copy(RULES / "vocabulary.yaml", copy)
    for path in RULES.glob("segments/crbt-*"):
        shutil.copytree(path, copy / "segments" / path.name)
    shutil.copytree(RULES / "contact_policy" / "no-repeat-sms", copy / "contact_policy" / "no-repeat-sms")
    return copy


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("", {"segments", "contact_policy"}),
        ("segments", {"segments"}),
        (RULE, {"segments"}),
        (f"{RULE}/rule.yaml", {"segments"}),
        ("contact_policy/no-repeat-sms/cases.yaml", {"contact_policy"}),
    ],
)
def test_a_path_says_which_rules_are_tested(run: Run, folder: Path, path: str, kinds: set[str]) -> None:
    said = run("rules", "test", str(folder / path), "--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["failed"]) == (0, [])
    assert {one["kind"] for one in report["coverage"]["rules"]} == kinds
    if path.startswith(RULE):
        assert {one["rule_id"] for one in report["coverage"]["rules"]} == {"crbt-silent"}


@pytest.mark.parametrize("path", ["nowhere", "..", "segments/no-such-rule"])
def test_a_path_outside_every_folder_of_rules_is_refused(run: Run, folder: Path, path: str) -> None:
    said = run("rules", "test", str(folder / path))
    assert said.exit_code == 2
    assert "no_rules_folder" in said.stderr


def test_a_case_that_does_not_hold_is_told_with_its_place_and_executor(run: Run, folder: Path, tmp_path: Path) -> None:
    change(folder / RULE / "rule.yaml", "more_than: 60", "more_than: 61")
    said = run("rules", "test", str(folder / RULE), "--lang", "en", "--junit", str(tmp_path / "cases.xml"))
    assert said.exit_code == 1
    for executor in ("reference", "durable", "sql"):
        line = f"{folder / RULE}/cases.yaml:1:3: crbt-silent: 61 days without a download is silent: on {executor}:"
        assert line in said.stdout
    suites = ET.parse(tmp_path / "cases.xml").getroot()  # noqa: S314 - written by ourselves just now
    assert {suite.get("name"): int(suite.get("failures", 0)) for suite in suites} == {"segments": 3, "coverage": 0}
    assert "61 days" in str(suites[0][0].get("name"))


def test_cases_that_do_not_see_enough_are_told_with_what_they_have_not_seen(run: Run, folder: Path) -> None:
    change(folder / RULE / "cases.yaml", "crbt_subscribed: false", "crbt_subscribed: true")
    change(folder / RULE / "cases.yaml", "- title: does not have CRBT\n", "- title: at risk\n")
    change(folder / RULE / "cases.yaml", "download: 300}\n  expect: false", "download: 300}\n  expect: true")
    assert run("rules", "test", str(folder / RULE)).exit_code == 0
    said = run("rules", "test", str(folder / RULE), "--coverage", "1", "--lang", "en")
    assert said.exit_code == 1
    assert "覆盖率低于100.0%" in run("rules", "test", str(folder / RULE), "--coverage", "1").stdout
    assert "crbt_subscribed: true" in said.stdout
    assert "coverage is below 100.0%" in said.stdout
    assert run("rules", "test", str(folder / RULE), "--coverage", "0.75").exit_code == 0


def test_a_faulty_case_is_told_with_line_and_column(run: Run, folder: Path) -> None:
    path = folder / "contact_policy/no-repeat-sms/cases.yaml"
    change(path, "channel: sms", "chanel: sms")
    said = run("rules", "test", str(folder))
    assert said.exit_code == 1
    column = path.read_text("utf-8").splitlines()[2].index("chanel") + 1
    assert f"{path}:3:{column}: unknown_key" in said.stderr
    assert "did you mean 'channel'" in said.stderr


def test_files_are_formatted_in_place_and_only_once(run: Run, folder: Path) -> None:
    path = folder / RULE / "rule.yaml"
    change(path, "classifies: crbt-stage\norder: 30\n", "order:   30  # the third\nclassifies: crbt-stage\n")
    checked = run("rules", "fmt", str(folder), "--check", "--diff")
    assert checked.exit_code == 1
    assert "-order:   30  # the third" in checked.stdout
    assert "order:   30" in path.read_text("utf-8")
    assert run("rules", "fmt", str(folder)).exit_code == 0
    assert "classifies: crbt-stage\norder: 30  # the third\n" in path.read_text("utf-8")
    assert run("rules", "fmt", str(folder), "--check").exit_code == 0
    assert sorted(one.name for one in path.parent.iterdir()) == ["cases.yaml", "rule.yaml"]


def test_faulty_files_are_left_alone_and_the_others_formatted(run: Run, folder: Path) -> None:
    faulty, other = folder / RULE / "rule.yaml", folder / "segments/crbt-lost/rule.yaml"
    change(faulty, "crbt_subscribed", "crbt_subscribd")
    change(faulty, "order: 30", "order:   30")
    change(other, "order: ", "order:    ")
    said = run("rules", "fmt", str(folder), "--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["changed"]) == (1, [str(other)])
    assert {(fault["code"], fault["path"]) for fault in report["faults"]} == {("unknown_fact", str(faulty))}
    assert "order:   30" in faulty.read_text("utf-8")
