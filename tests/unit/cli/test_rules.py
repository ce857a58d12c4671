"""`banyan rules`: on the project's own rules, and on copies with mistakes in them."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result

Run = Callable[..., Result]
RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Copy the rules, to be spoilt."""
    return shutil.copytree(RULES, tmp_path / "copy")


def test_the_rules_of_this_repository_are_sound(run: Run) -> None:
    said = run("rules", "check", "--rules", str(RULES), "--json")
    report = json.loads(said.stdout)
    assert (said.exit_code, report["findings"], report["is_clean"]) == (0, [], True)
    assert report["counts"]["segments"] == len(list((RULES / "segments").glob("*/rule.yaml")))
    assert report["counts"]["campaigns"] == len(list((RULES / "campaigns").glob("*/plan.yaml")))


@pytest.mark.parametrize("on", ["2020-01-01", "2031-12-31"])
def test_the_rules_of_this_repository_do_not_become_wrong_by_waiting(run: Run, on: str) -> None:
    said = run("rules", "check", str(RULES), "--on", on, "--lang", "en")
    assert said.exit_code == 0, said.stdout


def test_the_folder_may_come_from_the_environment(run: Run, tmp_path: Path) -> None:
    said = run("rules", "check", BANYAN_RULES_DIR=str(tmp_path / "nowhere"))
    assert said.exit_code == 1
    assert "no_rules_folder" in said.stdout


def test_a_misspelt_fact_is_told_with_file_line_and_the_nearest_name(run: Run, folder: Path) -> None:
    rule = folder / "segments" / "crbt-silent" / "rule.yaml"
    rule.write_text(rule.read_text("utf-8").replace("crbt_subscribed", "crbt_subscribd"), "utf-8")
    said = run("rules", "check", "--rules", str(folder), "--lang", "en")
    assert said.exit_code == 1
    [told] = [line for line in said.stdout.splitlines() if "crbt_subscribd" in line]
    line = next(at for at, one in enumerate(rule.read_text("utf-8").splitlines(), 1) if "crbt_subscribd" in one)
    assert told.startswith(f"{rule}:{line}:3: error: unknown_fact: ")
    assert told.endswith("did you mean crbt_subscribed?")
    chinese = run("rules", "check", "--rules", str(folder), "--lang", "zh").stdout
    assert "错误: unknown_fact: 没有这个事实" in chinese
    assert "是否指 crbt_subscribed？" in chinese


def test_an_offering_with_an_unknown_eligibility_rule_is_a_mistake(run: Run, folder: Path) -> None:
    catalogue = folder / "catalogue" / "offerings.yaml"
    text = catalogue.read_text("utf-8")
    catalogue.write_text(text.replace("[real-name-verified,", "[real-name-verifid,", 1), "utf-8")
    fault = only(run, folder, "offerings.yaml")
    assert (fault["code"], fault["severity"]) == ("unknown_rule", "error")
    assert "real-name-verified" in fault["suggestion"]["en"]
    line = text[: text.index("[real-name-verified,")].count("\n") + 1
    assert fault["line"] == line


def test_a_catalogue_that_is_no_yaml_is_told_with_its_line(run: Run, folder: Path) -> None:
    (folder / "catalogue" / "zz.yaml").write_text("- offering_id: a\n  prices: [\n", "utf-8")
    fault = only(run, folder, "zz.yaml")
    assert (fault["code"], fault["line"]) == ("syntax", 3)


def test_a_plan_that_names_what_is_not_there_is_a_mistake(run: Run, folder: Path) -> None:
    plan = folder / "campaigns" / "other-folder" / "plan.yaml"
    plan.parent.mkdir(parents=True)
    plan.write_text(_PLAN, "utf-8")
    found = {(one["code"], one["line"]) for one in findings(run, folder)}
    assert all(one["path"] == str(plan) for one in findings(run, folder))
    assert found == {
        ("id_differs", 2),
        ("unknown_segment", 10),
        ("unknown_fact", 11),
        ("unknown_offering", 16),
    }


def test_faults_of_rules_do_not_hide_faults_of_cases_and_plans(run: Run, folder: Path) -> None:
    (folder / "segments" / "crbt-silent" / "rule.yaml").write_text("id: [", "utf-8")
    (folder / "segments" / "misses-calls" / "cases.yaml").write_text("- {title: a, facts: {ages: 1}, expect: true}\n")
    (folder / "campaigns" / "one").mkdir(parents=True)
    (folder / "campaigns" / "one" / "plan.yaml").write_text("campaign: one\n", "utf-8")
    paths = {Path(one["path"]).relative_to(folder).parts[0:2] for one in findings(run, folder)}
    assert paths >= {("segments", "crbt-silent"), ("segments", "misses-calls"), ("campaigns", "one")}


def test_a_path_shows_what_is_wrong_there_and_nothing_else(run: Run, folder: Path) -> None:
    for name in ("crbt-silent", "crbt-lost"):
        rule = folder / "segments" / name / "rule.yaml"
        rule.write_text(rule.read_text("utf-8").replace("crbt_subscribed", "crbt_subscribd"), "utf-8")
    said = run("rules", "check", str(folder / "segments" / "crbt-lost"), "--lang", "en")
    assert said.exit_code == 1
    assert "crbt-lost/rule.yaml" in said.stdout
    assert "crbt-silent" not in said.stdout
    assert run("rules", "check", str(folder / "segments" / "misses-calls" / "rule.yaml")).exit_code == 0


def test_a_path_may_be_relative_to_where_one_stands(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = folder / "segments" / "crbt-lost" / "rule.yaml"
    rule.write_text(rule.read_text("utf-8").replace("crbt_subscribed", "crbt_subscribd"), "utf-8")
    for place, path in ((folder, "."), (folder / "segments", "crbt-lost"), (rule.parent, "../crbt-lost/rule.yaml")):
        monkeypatch.chdir(place)
        said = run("rules", "check", path)
        assert said.exit_code == 1
        assert "crbt-lost/rule.yaml:" in said.stdout
    monkeypatch.chdir(folder / "eligibility")
    assert run("rules", "check", "adult").exit_code == 0


def test_a_warning_fails_unless_only_errors_are_asked_for_and_a_note_never_does(run: Run, folder: Path) -> None:
    put_segment(folder, "elders", "age: {at_least: 60, more_than: 50}")
    assert {one["code"] for one in findings(run, folder)} == {"redundant_part", "unused_segment"}
    assert run("rules", "check", str(folder)).exit_code == 1
    assert run("rules", "check", str(folder), "--severity", "error").exit_code == 0
    said = run("rules", "check", str(RULES), "--severity", "note", "--lang", "en")
    assert ": note: unused_fact: " in said.stdout
    assert said.exit_code == 0


def test_an_accepted_finding_is_not_told_and_one_that_is_gone_is(run: Run, folder: Path) -> None:
    put_segment(folder, "elders", "age: {at_least: 60}")
    listed = folder / "check.yaml"
    listed.write_text(
        listed.read_text("utf-8") + "- {code: unused_segment, path: segments/elders, reason: to come}\n", "utf-8"
    )
    assert findings(run, folder) == []
    shutil.rmtree(folder / "segments" / "elders")
    [gone] = findings(run, folder)
    assert (gone["code"], Path(gone["path"]).name) == ("unknown_exception", "check.yaml")


def test_codes_are_explained_to_programs_too(run: Run) -> None:
    one, every = (json.loads(run("rules", "check", "--json", "--explain", code).stdout) for code in ("alias", "all"))
    assert [code["code"] for code in one] == ["alias"]
    assert len(every) > 100
    assert all(code["explanation"]["zh"] and code["explanation"]["en"] for code in every)


def test_a_code_is_explained_in_the_language_asked_for(run: Run) -> None:
    chinese, english = (run("rules", "check", "--explain", "cap_never_binds", "--lang", lang) for lang in ("zh", "en"))
    assert (chinese.exit_code, english.exit_code) == (0, 0)
    assert "上限不会起作用" in chinese.stdout
    assert "Another cap covers all it covers" in english.stdout
    unknown = run("rules", "check", "--explain", "cap_never_bind")
    assert unknown.exit_code == 2
    assert "did you mean cap_never_binds?" in unknown.output


@pytest.mark.parametrize(
    "arguments", [["nowhere"], ["--sarif", "--json"], ["--severity", "fatal"], ["--on", "tomorrow"], ["loose.yaml"]]
)
def test_who_asks_wrongly_gets_exit_code_2(run: Run, arguments: list[str]) -> None:
    Path("loose.yaml").write_text("a: 1", "utf-8")
    assert run("rules", "check", *arguments).exit_code == 2


def test_sarif_is_what_code_hosts_read(run: Run, folder: Path) -> None:
    put_segment(folder, "elders", "age: {at_least: 60, less_than: 50}")
    said = run("rules", "check", str(folder), "--sarif", "--lang", "en")
    log = json.loads(said.stdout)
    assert (said.exit_code, log["version"], list(log)) == (1, "2.1.0", ["$schema", "version", "runs"])
    [one_run] = log["runs"]
    rules, results = one_run["tool"]["driver"]["rules"], one_run["results"]
    assert [rule["id"] for rule in rules] == list(dict.fromkeys(result["ruleId"] for result in results))
    for rule in rules:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in {"error", "warning", "note"}
    for result in results:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert result["message"]["text"]
        [location] = result["locations"]
        artifact, region = (location["physicalLocation"][name] for name in ("artifactLocation", "region"))
        assert artifact == {"uri": "copy/segments/elders/rule.yaml", "uriBaseId": "%SRCROOT%"}
        assert region["startLine"] >= 1
        assert region["startColumn"] >= 1
    [never] = [result for result in results if result["ruleId"] == "never_true"]
    assert never["level"] == "error"
    assert never["locations"][0]["physicalLocation"]["region"] == {"startLine": 4, "startColumn": 28}


def findings(run: Run, folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(run("rules", "check", str(folder), "--json").stdout)["findings"]
    return found


def only(run: Run, folder: Path, name: str) -> dict[str, Any]:
    [found] = [one for one in findings(run, folder) if one["path"].endswith(name)]
    return found


def put_segment(folder: Path, name: str, when: str) -> None:
    (folder / "segments" / name).mkdir()
    head = f'id: {name}\nowner: tests\nbecause: {{zh: "因为", en: "because"}}\n'
    (folder / "segments" / name / "rule.yaml").write_text(f"{head}when: {{{when}}}\n", "utf-8")
    cases = "- {title: nothing is known, facts: {}, expect: unknown}\n"
    (folder / "segments" / name / "cases.yaml").write_text(cases, "utf-8")


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
    said = run("rules", "test", "--rules", str(folder), "--lang", "en")
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


def test_a_plan_that_selects_by_a_fact_customer_view_does_not_hold_is_a_mistake(run: Run, tmp_path: Path) -> None:
    folder = shutil.copytree(RULES, tmp_path / "copy")
    vocabulary, plan = folder / "vocabulary.yaml", folder / "campaigns" / "call-assistant-renewal" / "plan.yaml"
    waiting = "waiting: {type: integer, owner: campaigns, column: waiting, zh: 等待, en: Waiting}"
    vocabulary.write_text(vocabulary.read_text("utf-8").replace("facts:\n", f"facts:\n  {waiting}\n", 1), "utf-8")
    rule = plan.read_text("utf-8").replace("segment: call-assistant-to-renew", "rule: {waiting: {at_least: 1}}")
    plan.write_text(rule, "utf-8")
    said = run("rules", "check", "--rules", str(folder), "--json")
    faults = [fault for fault in json.loads(said.stdout)["findings"] if fault["code"] == "fact_not_held"]
    assert [(fault["path"], fault["line"]) for fault in faults] == [(str(plan), 10)]


def test_a_faulty_rule_is_the_only_mistake_whoever_names_it(run: Run, folder: Path) -> None:
    (folder / "segments/crbt-lost/rule.yaml").write_bytes(b"id: \xff\n")  # a campaign's phase names it
    (folder / "eligibility/adult/rule.yaml").write_text("id: [\n", "utf-8")  # offerings name it
    (folder / "campaigns/mo-upgrade/plan.yaml").write_text("campaign: [\n", "utf-8")  # another one is similar to it
    (folder / "catalogue/offerings.yaml").write_text("- [\n", "utf-8")
    said = run("rules", "check", str(folder), "--json", "--severity", "error")
    told = {(Path(one["path"]).parent.name, one["code"]) for one in json.loads(said.stdout)["findings"]}
    assert told == {("crbt-lost", "not_utf8"), ("adult", "syntax"), ("mo-upgrade", "syntax"), ("catalogue", "syntax")}
