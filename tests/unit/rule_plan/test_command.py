"""`banyan rules plan` as people and pipelines call it, on copies of the project's own rules."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from services.workbench.cli.commands import banyan

RULES = Path(__file__).parents[3] / "rules"
BASE = ("--generated", "300", "--seed", "3", "--on", "2026-03-02")
Plan = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return shutil.copytree(RULES, tmp_path / "rules")


@pytest.fixture
def plan(folder: Path) -> Plan:
    """Run the command over the copy against the rules as they are."""

    def run(*arguments: str) -> Result:
        given = ["rules", "plan", "--rules", str(folder), "--against", str(RULES), *BASE, *arguments]
        return CliRunner().invoke(banyan, given, prog_name="banyan")

    return run


def edit(folder: Path, rule: str, old: str, new: str) -> None:
    path = folder / rule / "rule.yaml"
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def effects(said: Result) -> dict[str, Any]:
    return {effect["id"]: effect for effect in json.loads(said.stdout)["effects"]}


def test_rules_that_are_the_same_change_nothing(plan: Plan) -> None:
    said = plan("--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["edits"], report["effects"], report["contacts"]) == (0, [], [], None)
    assert "are the same" in plan("--lang", "en").stdout


def test_other_words_affect_nobody_and_the_plan_says_so(plan: Plan, folder: Path) -> None:
    edit(folder, "eligibility/adult", "because: {", "because: {  ")
    (folder / "eligibility/adult/rule.yaml").write_text(
        (folder / "eligibility/adult/rule.yaml").read_text("utf-8").replace("owner: compliance", "owner: legal"),
        "utf-8",
    )
    said = plan("--lang", "en")
    assert said.exit_code == 0
    assert "no subscriber and no contact is affected" in said.stdout


def test_an_age_limit_moves_the_rule_and_its_offerings_by_the_same_reason(plan: Plan, folder: Path) -> None:
    edit(folder, "eligibility/adult", "at_least: 18", "at_least: 30")
    said = plan("--json")
    assert said.exit_code == 1
    found = effects(said)
    adult = found["adult"]
    assert adult["lost"] > 0 == adult["gained"]
    assert adult["before"] - adult["lost"] == adult["after"] == adult["kept"]
    assert [(one["direction"], one["subscribers"]) for one in adult["reasons"]] == [("lost", adult["lost"])]
    assert "30" in adult["reasons"][0]["en"]
    for groups in ("cities", "brands"):
        assert sum(group["lost"] for group in adult[groups]) == adult["lost"]
        assert sum(group["kept"] for group in adult[groups]) == adult["kept"]
    assert [one["name"] for one in found["e-payment"]["reasons"]] == ["adult"]
    assert "mo-package" not in found


def test_sample_ids_are_masked_unless_they_are_asked_for(plan: Plan, folder: Path) -> None:
    edit(folder, "eligibility/adult", "at_least: 18", "at_least: 30")
    masked = effects(plan("--json"))["adult"]["lost_sample"]
    whole = effects(plan("--json", "--ids", "--sample", "3"))["adult"]["lost_sample"]
    assert all("…" in one for one in masked)
    assert len(whole) == 3
    assert all(one.startswith("FJ000") for one in whole)
    assert "FJ0" not in plan("--markdown").stdout


def test_markdown_has_a_headline_tables_and_folded_details(plan: Plan, folder: Path) -> None:
    edit(folder, "eligibility/adult", "at_least: 18", "at_least: 30")
    text = plan("--markdown", "--lang", "en").stdout
    assert text.startswith("### 1 thing differs; 1 eligibility rule: +0 −")
    assert "| eligibility rule `adult` |" in text
    assert text.count("<details>") == text.count("</details>") > 1
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in rows)


def test_a_stricter_cap_changes_contacts_and_nobodys_eligibility(plan: Plan, folder: Path) -> None:
    edit(folder, "contact_policy/capacity-sms-day", "limit: 2500", "limit: 1")
    report = json.loads(plan("--json").stdout)
    assert report["effects"] == []
    assert report["contacts"]["after"] < report["contacts"]["before"]


def test_a_fact_that_the_other_version_has_elsewhere_is_unknown_for_all_there(plan: Plan, folder: Path) -> None:
    edit_path = folder / "vocabulary.yaml"
    text = edit_path.read_text("utf-8")
    edit_path.write_text(text.replace("type: integer, unit: years", "type: text, unit: years"), "utf-8")
    said = plan("--json")  # the rules that compare ages cannot be read any more
    assert said.exit_code == 1
    assert "Traceback" not in said.output
    assert "invalid_rules" in said.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("--against", "x"),
        ("--against", "x", "--generated", "5", "--database", "sqlite:///x"),
        ("--against", "x", "--customers", __file__),
        ("--against", "x", "--generated", "5", "--json", "--markdown"),
        ("--generated", "5"),
        ("--against", "x", "--generated", "0"),
    ],
)
def test_wrong_calls_are_usage_errors(folder: Path, arguments: tuple[str, ...]) -> None:
    said = CliRunner().invoke(banyan, ["rules", "plan", "--rules", str(folder), *arguments], prog_name="banyan")
    assert said.exit_code == 2


@pytest.mark.parametrize(
    ("arguments", "code", "leaves_with"),
    [
        (("--against", "no-such-branch", "--generated", "5"), "unknown_revision", 2),
        (("--against", str(RULES), "--database", "sqlite:////nowhere/at/all.sqlite"), "no_customers", 1),
        (("--against", str(RULES), "--database", "postgresql://127.0.0.1:1/none"), "database_unavailable", 1),
        (("--against", str(RULES), "--database", "no url"), "database_unavailable", 1),
        (("--against", str(RULES), "--database", "postgresql://host:port/none"), "database_unavailable", 1),
        (("--against", str(RULES.parent / "docs"), "--generated", "5"), "other_rules_invalid", 1),
    ],
)
def test_what_is_not_there_is_told_with_a_code(
    folder: Path, arguments: tuple[str, ...], code: str, leaves_with: int
) -> None:
    said = CliRunner().invoke(banyan, ["rules", "plan", "--rules", str(folder), *arguments], prog_name="banyan")
    assert said.exit_code == leaves_with
    assert f"banyan: {code}:" in said.stderr
