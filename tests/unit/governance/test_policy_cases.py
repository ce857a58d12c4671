"""Cases of contact policies, judged by governance on a frozen clock."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.governance.application.policy_cases import run_cases
from shared.rulekit.cases.model import CaseResult, PolicyCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[3] / "rules"
VOCABULARY = "facts: {age: {type: integer, owner: customer_view, column: age, zh: 年龄, en: Age}}\n"
PLAIN = "because: {zh: 原因, en: reason}\n"
COUNTED = "because: {zh: '七天{limit}次，已{used}次', en: 'at most {limit}, {used} so far'}\n"
CAP = COUNTED + "kind: frequency_cap\nper: customer\nlimit: 2\nwindow: {rolling: 7d}\n"
NIGHT = PLAIN + "kind: quiet_hours\nweekly: [{days: [mon, tue, wed, thu, fri, sat, sun], from: '21:00', to: '09:00'}]\n"
COOLING = PLAIN + "kind: cooling_off\nafter: [refused]\nsame: category\nspan: 30d\n"
CAPACITY = PLAIN + "kind: capacity\nlimit: 2\nwindow: {calendar: day}\nzone: Asia/Shanghai\n"
THREE = """
- title: two are permitted, the third waits for the window
  steps:
    - {at: 2026-03-02T10:00:00+08:00, request: {channel: sms}, expect: permit}
    - {advance: 24h, request: {channel: hall}, expect: permit}
    - advance: 1h
      request: {}
      expect: suppress
      next_allowed_at: 2026-03-09T10:00:00+08:00
      because: {zh: 七天2次，已2次, en: "at most 2, 2 so far"}
    - {at: 2026-03-09T09:59:59+08:00, request: {}, expect: suppress}
    - {advance: 1d, request: {}, expect: permit}
"""


def run(root: Path, cases: str, policy: str = CAP, **others: str) -> CaseResult:
    """Run the one case of a policy in a folder of its own."""
    root.mkdir(exist_ok=True)
    (root / "vocabulary.yaml").write_text(VOCABULARY, "utf-8")
    for name, body in {"own": policy, **others}.items():
        folder = root / "contact_policy" / name
        folder.mkdir(parents=True)
        (folder / "rule.yaml").write_text(f"id: {name}\nowner: tests\n{body}", "utf-8")
        (folder / "cases.yaml").write_text(cases if name == "own" else THREE, "utf-8")
    book = load_rules(root)
    own = [case for case in read_cases(book, root)[1] if case.rule_id == "own" and isinstance(case, PolicyCase)]
    (result,) = run_cases(own, book)
    return result


def test_a_permitted_request_is_history_for_the_steps_after_it(tmp_path: Path) -> None:
    result = run(tmp_path, THREE)
    assert (result.ok, result.message) == (True, "")
    assert result.seen == ("permit", "permit", "suppress", "suppress", "permit")


@pytest.mark.parametrize(
    ("said", "instead", "message"),
    [
        ("{channel: hall}, expect: permit", "{}, expect: suppress", "step 2, line 5"),
        ("2026-03-09T10:00:00", "2026-03-09T10:00:01", "2026-03-09T02:00:01"),
        ("at most 2, 2 so far", "at most 2, 1 so far", "2 so far"),
        ("advance: 1h", "at: 2026-03-09T10:00:00+08:00", "step 3, line 6: expected suppress, got permit"),
    ],
)  # fmt: skip
def test_what_comes_out_otherwise_is_told(tmp_path: Path, said: str, instead: str, message: str) -> None:
    assert said in THREE
    result = run(tmp_path, THREE.replace(said, instead))
    assert not result.ok
    assert message in result.message


def test_an_outcome_of_an_earlier_step_cools_the_later_ones_off(tmp_path: Path) -> None:
    cases = """
- title: refused
  steps:
    - {at: 2026-03-02T10:00:00+08:00, request: {category: crbt}, expect: permit, outcome: refused}
    - {advance: 29d, request: {category: crbt}, expect: suppress, next_allowed_at: 2026-04-01T10:00:00+08:00}
    - {advance: 1h, request: {category: music}, expect: permit}
    - {at: 2026-04-01T10:00:00+08:00, request: {category: crbt}, expect: permit}
"""
    assert run(tmp_path, cases, COOLING).message == ""


def test_what_is_permitted_uses_up_the_capacity_of_the_day(tmp_path: Path) -> None:
    cases = """
- title: full
  already: 1
  steps:
    - {at: 2026-03-02T10:00:00+08:00, request: {}, expect: permit}
    - {advance: 1h, request: {}, expect: suppress, next_allowed_at: 2026-03-03T00:00:00+08:00}
    - {advance: 1d, request: {}, expect: permit}
"""
    assert run(tmp_path, cases, CAPACITY).message == ""


def test_policies_judge_together(tmp_path: Path) -> None:
    cases = """
- title: at night, and too often
  with: [night]
  history: [{at: 2026-03-02T12:00:00+08:00}, {at: 2026-03-03T12:00:00+08:00}]
  request: {at: 2026-03-09T08:00:00+08:00}
  expect: suppress
  reasons: [night, own]
  next_allowed_at: 2026-03-09T12:00:00+08:00
"""
    assert run(tmp_path, cases, night=NIGHT).message == ""


def test_a_suppression_by_another_policy_alone_is_not_what_a_case_expects(tmp_path: Path) -> None:
    cases = "- {title: night, with: [night], request: {at: 2026-03-09T08:00:00+08:00}, expect: suppress}"
    assert run(tmp_path, cases, night=NIGHT).message == "expected own, got night"


def test_a_request_names_the_campaigns_it_is_like(tmp_path: Path) -> None:
    cases = """
- title: kept apart from the similar one only, by its own name as well as by that of the other
  history: [{at: 2026-03-02T10:00:00+08:00, campaign: a}]
  steps:
    - at: 2026-03-03T10:00:00+08:00
      request: {campaign: b, similar_to: [a]}
      expect: suppress
      next_allowed_at: 2026-03-16T10:00:00+08:00
    - {advance: 1h, request: {campaign: c, similar_to: [b]}, expect: permit}
    - {advance: 1h, request: {campaign: a, similar_to: [b]}, expect: permit}
    - advance: 1h
      request: {campaign: b, similar_to: [c, a]}
      expect: suppress
      next_allowed_at: 2026-03-17T12:00:00+08:00
"""
    assert run(tmp_path, cases, PLAIN + "kind: no_repeat\nof: similar_campaign\nspan: 14d\n").message == ""


def test_an_override_lifts_the_policy_it_names_or_else_its_own(tmp_path: Path) -> None:
    cases = """
- title: both lists lifted, one of them later
  with: [grey]
  lists: [{list: red}, {list: grey}]
  overrides:
    - {ends_at: 2026-03-10T10:00:00+08:00}
    - {rule: grey, starts_at: 2026-03-03T10:00:00+08:00, ends_at: 2026-03-10T10:00:00+08:00}
  steps:
    - at: 2026-03-02T10:00:00+08:00
      request: {}
      expect: permit
      reasons: [own, grey]
"""
    red, grey = (PLAIN + f"kind: list_effect\nlist: {name}\noverride: two_persons\n" for name in ("red", "grey"))
    assert (
        run(tmp_path / "early", cases, red, grey=grey).message
        == "expected permit, got suppress; expected grey, own, got grey"
    )
    on_time = cases.replace("at: 2026-03-02T10", "at: 2026-03-03T10")
    assert run(tmp_path / "on time", on_time, red, grey=grey).message == ""
    for_good = red.replace("override: two_persons\n", "")
    assert run(tmp_path / "for good", on_time, for_good, grey=grey).message.startswith("expected permit, got suppress")


def test_a_contact_may_be_planned_for_later_than_the_frozen_clock(tmp_path: Path) -> None:
    cases = """
- title: asked in the morning, for the night
  at: 2026-03-02T10:00:00+08:00
  request: {at: 2026-03-02T22:00:00+08:00}
  expect: suppress
  next_allowed_at: 2026-03-03T09:00:00+08:00
"""
    assert run(tmp_path, cases, NIGHT).message == ""


def test_a_case_that_expects_the_contrary_fails() -> None:
    book = load_rules(RULES)
    cases = [case for case in read_cases(book, RULES)[1] if isinstance(case, PolicyCase)]
    contrary = [
        replace(case, steps=tuple(replace(step, is_permitted=not step.is_permitted) for step in case.steps))
        for case in cases
    ]
    assert all(result.ok for result in run_cases(cases, book))
    assert not any(result.ok for result in run_cases(contrary, book))
