"""`banyan demo` as a child process: the same report for the same seed, promises kept, a rule edit, a real file."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, get_args

import pytest

from shared.contracts.campaigns import FunnelStage

ROOT = Path(__file__).parents[2]
RULES = ROOT / "rules"
BEIJING = (
    Path(os.environ.get("BANYAN_SHARED_DATA") or ROOT.parent / "shared" / "data") / "beijing_mobile" / "data_train.csv"
)
_SECONDS = 240

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Run:
    """What one rehearsal left behind."""

    folder: Path
    exit_code: int
    output: str

    @cached_property
    def report(self) -> dict[str, Any]:
        return json.loads((self.folder / "report.json").read_text("utf-8"))  # type: ignore[no-any-return]  # JSON

    @property
    def page(self) -> bytes:
        return (self.folder / "report.html").read_bytes()

    @cached_property
    def campaigns(self) -> dict[str, dict[str, Any]]:
        return {each["campaign_id"]: each for each in self.report["campaigns"]}

    def breaches(self, rules: Path = RULES) -> dict[str, int]:
        """Recount once more, in a process of its own."""
        command = [
            sys.executable,
            "-m",
            "services.workbench.demo.recount",
            str(self.folder / "report.json"),
            str(rules),
        ]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=_SECONDS)
        rows = json.loads(done.stdout)
        assert sum(row["checked"] for row in rows) > 0
        return {row["promise_en"]: row["breaches"] for row in rows if row["breaches"]}


def demo(folder: Path, *arguments: object) -> Run:
    command = [sys.executable, "-m", "services.workbench.cli.main", "demo", "--out", folder, *arguments]
    done = subprocess.run(
        [str(each) for each in command], cwd=ROOT, check=False, capture_output=True, text=True, timeout=_SECONDS
    )
    return Run(folder, done.returncode, done.stdout + done.stderr)


def small(folder: Path, *arguments: object) -> Run:
    return demo(folder, "--subscribers", 600, "--days", 4, *arguments)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return small(tmp_path_factory.mktemp("first") / "out")


def test_it_ends_well_and_says_where_the_report_is(first: Run) -> None:
    assert first.exit_code == 0, first.output
    for word in ("report.html", "report.json", "漏斗", "承诺核对"):
        assert word in first.output
    assert (first.report["seed"], first.report["days"], first.report["starts_on"]) == (7, 4, "2026-03-02")
    assert "simulated" in first.report["label"]
    assert first.report["intake"]["subscribers"] == 600


def test_the_same_seed_gives_the_same_report_byte_for_byte(first: Run, tmp_path: Path) -> None:
    second = small(tmp_path / "elsewhere")
    assert second.exit_code == 0, second.output
    assert (second.folder / "report.json").read_bytes() == (first.folder / "report.json").read_bytes()
    assert second.page == first.page


def test_most_campaigns_have_an_audience_and_each_funnel_narrows(first: Run) -> None:
    audiences = [each["funnel"]["audience"] for each in first.campaigns.values()]
    assert sum(size > 0 for size in audiences) >= 6, audiences
    for name, each in first.campaigns.items():
        counts = [each["funnel"][stage] for stage in get_args(FunnelStage)]
        assert counts == sorted(counts, reverse=True), (name, counts)


def test_the_record_agrees_with_the_evaluations(first: Run) -> None:
    """Whoever recounts the funnel from the contacts alone comes to the same figures."""
    made = {
        (each["campaign_id"], each["customer_id"], each["phase"])
        for each in first.report["contacts"]
        if each["contacted_at"]
    }
    contacted = Counter(campaign_id for campaign_id, _, _ in made)
    control = Counter(each["campaign_id"] for each in first.report["control"])
    for name, each in first.campaigns.items():
        assert contacted[name] == each["funnel"]["contacted"]
        in_control = sum(cell["members"] for cell in each["cells"] if cell["is_control"])
        assert in_control <= control[name], "evaluation leaves out who held it before"


def test_nobody_in_control_was_contacted(first: Run) -> None:
    control = {(each["customer_id"], each["campaign_id"]) for each in first.report["control"]}
    assert control
    contacted = {(each["customer_id"], each["campaign_id"]) for each in first.report["contacts"]}
    assert contacted
    assert not control & contacted


def test_no_promise_was_broken_and_no_contact_made_twice(first: Run) -> None:
    assert first.breaches() == {}
    ids = [each["contact_id"] for each in first.report["contacts"]]
    assert len(ids) == len(set(ids))


def test_every_suppression_has_a_reason_in_both_languages(first: Run) -> None:
    rows = first.report["suppressed"]
    assert {each["stage"] for each in rows} >= {"eligible", "after_lists", "after_conflicts", "after_limits"}
    for each in rows:
        assert each["reasons"], each
        assert all(reason["rule_id"] and " / " in reason["text"] for reason in each["reasons"])
        assert all("{" not in reason["text"] for reason in each["reasons"])


def test_the_story_is_told_in_order(first: Run) -> None:
    lines = first.report["story"]["lines"]
    assert len(lines) > 3
    assert [each["at"] for each in lines] == sorted(each["at"] for each in lines)
    assert first.report["story"]["customer_id"] in first.page.decode()


def marketing(run: Run) -> Counter[str]:
    """Count outbound marketing contacts by subscriber."""
    return Counter(
        each["customer_id"]
        for each in run.report["contacts"]
        if each["contacted_at"] and (each["direction"], each["purpose"]) == ("outbound", "marketing")
    )


def test_the_readme_s_first_rule_edit_gives_fewer_contacts(first: Run, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    shutil.copytree(RULES, rules)
    policy = rules / "contact_policy" / "marketing-weekly-cap" / "rule.yaml"
    before = policy.read_text("utf-8")
    after = before.replace("limit: 3\n", "limit: 1\n")
    assert after != before
    policy.write_text(after, encoding="utf-8")
    edited = small(tmp_path / "out", "--rules", rules)
    assert edited.exit_code == 0, edited.output

    before_edit, after_edit = marketing(first), marketing(edited)
    assert 0 < after_edit.total() < before_edit.total()
    assert (max(before_edit.values()), max(after_edit.values())) == (3, 1)
    assert edited.report["rule_set"] != first.report["rule_set"]
    assert edited.breaches(rules) == {}
    why = {reason["rule_id"] for each in edited.report["suppressed"] for reason in each["reasons"]}
    assert "marketing-weekly-cap" in why, "the report says which rule did it"
    assert first.breaches(rules) != {}, "by the stricter rule the first rehearsal would have broken it"


_MAP = """
about: A test's own file
encoding: utf-8
as_of: 2026-03-01
id: {column: 用户, pattern: '^用户(\\d+)$', prefix: test-}
facts:
  city: {constant: fuzhou}
  age: {column: 年龄, between: [10, 110]}
  monthly_spend: {column: 消费, unit: yuan, between: [0, 100000]}
  missed_calls: {column: 漏话, between: [0, 10000]}
"""


def test_a_real_file_s_bad_cells_are_told_by_line_and_column_and_missing_facts_by_name(tmp_path: Path) -> None:
    path, column_map = tmp_path / "subscribers.csv", tmp_path / "map.yaml"
    rows = [f"用户{number},{20 + number % 60},{number},{number % 40}" for number in range(1, 61)]
    rows[1] = "用户2,old,30,9"
    rows[4] = "用户5,30,many,9"
    rows[7] = "nobody,30,30,9"
    path.write_text("用户,年龄,消费,漏话\n" + "\n".join(rows) + "\n", encoding="utf-8")
    column_map.write_text(_MAP, encoding="utf-8")
    run = demo(tmp_path / "out", "--customers", path, "--map", column_map, "--days", 2)
    assert run.exit_code == 0, run.output
    assert run.report["intake"] == {
        "source": "subscribers.csv",
        "synthetic": False,
        "subscribers": 59,
        "faulty_cells": 2,
        "refused_rows": 1,
        "first_faults": run.report["intake"]["first_faults"],
    }
    places = sorted(each.split(":")[0] for each in run.report["intake"]["first_faults"])
    assert places == ["line 3, 年龄", "line 6, 消费", "line 9, 用户"]
    assert "real subscriber file" in run.report["label"]
    assert run.campaigns["newspaper"]["unknown_facts"]["mms_sent"] == 59
    for word in ("未知字段", "mms_sent"):
        assert word in run.output
        assert word in run.page.decode()
    assert str(tmp_path) not in run.page.decode(), "no paths of this machine"


def test_half_a_file_s_options_are_refused_in_words(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.csv"
    path.write_text("用户\n", encoding="utf-8")
    run = demo(tmp_path / "out", "--customers", path)
    assert run.exit_code == 2
    assert "--map" in run.output
    assert "Traceback" not in run.output


def test_the_beijing_survey_runs_and_says_which_facts_it_does_not_hold(tmp_path: Path) -> None:
    if not BEIJING.is_file():
        pytest.skip(f"the real file is not at hand: {BEIJING} (name its folder with BANYAN_SHARED_DATA)")
    run = demo(tmp_path, "--customers", BEIJING, "--map", RULES / "column_maps" / "beijing-mobile.yaml", "--days", 2)
    assert run.exit_code == 0, run.output
    assert run.report["intake"]["subscribers"] == 7_020
    for name in ("mo-upgrade", "call-assistant", "stock-trading"):
        assert run.campaigns[name]["funnel"]["audience"] > 0, name
    for name, each in run.campaigns.items():
        if not each["funnel"]["audience"]:
            assert 7_020 in each["unknown_facts"].values(), name
    assert run.breaches() == {}
