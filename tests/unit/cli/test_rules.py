"""`banyan rules`: on the project's own rules, and on copies with mistakes in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the rules, to be spoilt, without plans, which change more often than this test should."""
    return shutil.copytree(RULES, tmp_path / "copy", ignore=shutil.ignore_patterns("campaigns"))


def test_the_rules_of_this_repository_are_sound(run: Run) -> None:
    said = run("rules", "check", "--rules", str(RULES), "--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["faults"]) == (0, [])
    assert report["counts"]["segments"] == len(list((RULES / "segments").glob("*/rule.yaml")))
    assert report["counts"]["campaigns"] == len(list((RULES / "campaigns").glob("*/plan.yaml")))


def test_the_folder_may_come_from_the_environment(run: Run, tmp_path: Path) -> None:
    said = run("rules", "check", BANYAN_RULES_DIR=str(tmp_path / "nowhere"))
    assert said.exit_code == 1
    assert "no_rules_folder" in said.stdout


def test_a_misspelt_fact_is_told_with_file_line_and_the_nearest_name(run: Run, folder: Path) -> None:
    rule = folder / "segments" / "crbt-silent" / "rule.yaml"
    rule.write_text(rule.read_text("utf-8").replace("crbt_subscribed", "crbt_subscribd"), "utf-8")
    said = run("rules", "check", "--rules", str(folder))
    assert said.exit_code == 1
    assert f"{rule}:" in said.stdout
    assert "did you mean 'crbt_subscribed'?" in said.stdout


def test_an_offering_with_an_unknown_eligibility_rule_is_a_mistake(run: Run, folder: Path) -> None:
    catalogue = folder / "catalogue" / "offerings.yaml"
    catalogue.write_text(
        catalogue.read_text("utf-8").replace("[real-name-verified,", "[real-name-verifid,", 1), "utf-8"
    )
    said = run("rules", "check", "--rules", str(folder), "--json")
    faults = json.loads(said.stdout)["faults"]
    assert said.exit_code == 1
    assert {"unknown_name"} == {fault["code"] for fault in faults if "offerings.yaml" in fault["path"]}
    assert any(fault["suggestion"] == "real-name-verified" for fault in faults)


def test_a_catalogue_that_is_no_yaml_is_told_with_its_line(run: Run, folder: Path) -> None:
    (folder / "catalogue" / "zz.yaml").write_text("- offering_id: a\n  prices: [\n", "utf-8")
    said = run("rules", "check", "--rules", str(folder), "--json")
    (fault,) = [fault for fault in json.loads(said.stdout)["faults"] if fault["path"].endswith("zz.yaml")]
    assert (fault["code"], fault["line"]) == ("bad_yaml", 3)


def test_a_plan_that_names_what_is_not_there_is_a_mistake(run: Run, folder: Path) -> None:
    plan = folder / "campaigns" / "other-folder" / "plan.yaml"
    plan.parent.mkdir(parents=True)
    plan.write_text(_PLAN, "utf-8")
    said = run("rules", "check", "--rules", str(folder), "--json")
    found = {
        (fault["code"], fault["message"]) for fault in json.loads(said.stdout)["faults"] if "plan" in fault["path"]
    }
    assert ("id_differs", "campaign 'trial' lies in the folder 'other-folder'") in found
    assert ("unknown_name", "there is no segment 'crbt-silnt'") in found
    assert ("unknown_name", "there is no offering 'no-such-offering'") in found
    assert any("there is no fact 'no_such_fact'" in message for _, message in found)


def test_every_case_of_every_rule_holds_on_every_executor(run: Run) -> None:
    said = run("rules", "test", "--rules", str(RULES), "--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["failed"]) == (0, [])
    assert report["run"] > 3 * 100


def test_a_case_that_does_not_hold_is_told_with_its_place_for_each_executor(run: Run, folder: Path) -> None:
    cases = folder / "segments" / "crbt-silent" / "cases.yaml"
    cases.write_text(
        cases.read_text("utf-8") + "- title: nobody knows\n  facts: {crbt_subscribed: false}\n  expect: true\n", "utf-8"
    )
    said = run("rules", "test", "--rules", str(folder))
    assert said.exit_code == 1
    for executor in ("reference", "durable", "sql"):
        assert f"crbt-silent: nobody knows: on {executor}: expected true, got false" in said.stdout


def test_conflicts_and_contact_policies_are_judged_by_the_domains_that_decide(run: Run, folder: Path) -> None:
    conflict = folder / "conflicts" / "music-box-needs-crbt" / "cases.yaml"
    conflict.write_text(conflict.read_text("utf-8").replace("expect: [crbt-reactivation]", "expect: []", 1), "utf-8")
    policy = folder / "contact_policy" / "black-list" / "cases.yaml"
    policy.write_text(policy.read_text("utf-8").replace("expect: suppress", "expect: permit", 1), "utf-8")
    report = json.loads(run("rules", "test", "--rules", str(folder), "--json").stdout)
    assert [(one["executor"], one["rule_id"]) for one in report["failed"]] == [
        ("campaigns", "music-box-needs-crbt"),
        ("governance", "black-list"),
    ]
    assert report["failed"][0]["message"] == "expected nobody to remain, got crbt-reactivation"


_PLAN = """
campaign: trial
name_zh: 试验
name_en: Trial
source: a test
owner: tests
category: crbt
goals: [{kpi: accepted, target: 1, name_zh: 接受, name_en: accepted}]
phases:
  - {phase: one, starts_on: 2026-03-02, ends_on: 2026-03-08, segment: crbt-silnt}
  - {phase: two, starts_on: 2026-03-09, ends_on: 2026-03-15, rule: {no_such_fact: {at_least: 3}}}
cells:
  - {cell: main, share: 0.9, treatments: [call]}
  - {cell: control, share: 0.1}
treatments:
  - {treatment: call, offering: no-such-offering, steps: [{channel: outbound_call}]}
converts: [crbt]
"""
