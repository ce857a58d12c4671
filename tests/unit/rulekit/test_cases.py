"""Cases beside the rules: read with their places, run on the executors, wrong ones told."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from shared.rulekit.cases.executors import all_executors
from shared.rulekit.cases.fact_cases import run_fact_cases
from shared.rulekit.cases.model import PolicyCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import RuleFaults
from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import ON, make_folder, put_rule

CASES = """
- title: rich
  facts: {spend: 50, products: [crbt], joined: 2026-01-31, handset: 8848}
  expect: true
  because: {en: "because"}
- title: on another day
  on: 2026-04-01
  facts: {spend: 49.99}
  expect: false
- title: nothing known
  facts: {spend: null}
  expect: unknown
"""
RULE = "when: {spend: {at_least: 50}}\n"


def put(root: Path, cases: str, kind: str = "segments", body: str = RULE) -> Path:
    make_folder(root)
    put_rule(root, kind, "one", body, cases=cases)
    return root


def test_cases_are_read_as_the_bus_would_carry_them(tmp_path: Path) -> None:
    facts, scenarios = read_cases(load_rules(put(tmp_path, CASES)), tmp_path)
    assert scenarios == []
    first, second, third = facts
    assert first.facts == {"spend": 5000, "products": ["crbt"], "joined": "2026-01-31", "handset": "8848"}
    assert (first.place.line, first.expect, first.on) == (2, True, ON)
    assert (second.on.month, second.expect) == (4, False)
    assert third.expect is None


def test_right_cases_hold_on_every_executor(tmp_path: Path) -> None:
    book = load_rules(put(tmp_path, CASES))
    executors = all_executors(book)
    results = run_fact_cases(read_cases(book, tmp_path)[0], book, executors)
    assert [one for one in results if not one.ok] == []
    assert [one.executor for one in results[:4]] == ["reference", "durable", "sql", "explanation"]


@pytest.mark.parametrize(
    ("cases", "executors", "message"),
    [
        ("- {title: a, facts: {spend: 50}, expect: false}", 3, "expected false, got true"),
        ("- {title: a, facts: {spend: 5}, expect: true}", 3, "expected true, got false"),
        ("- {title: a, facts: {}, expect: true}", 3, ""),
        ("- {title: a, facts: {}, expect: false}", 3, "expected false, got unknown"),
        ("- {title: a, facts: {spend: 50}, expect: true, because: {en: for}}", 1, "expected 'for', got 'because'"),
    ],
)
def test_a_wrong_case_is_told(tmp_path: Path, cases: str, executors: int, message: str) -> None:
    book = load_rules(put(tmp_path, cases))
    wrong = [one for one in run_fact_cases(read_cases(book, tmp_path)[0], book, all_executors(book)) if not one.ok]
    assert len(wrong) == executors
    assert all(message in one.message for one in wrong)


@pytest.mark.parametrize(
    ("cases", "code"),
    [
        ("[]", "no_cases"),
        ("", "empty"),
        ("- {title: a, facts: {aged: 1}, expect: true}", "unknown_fact"),
        ("- {title: a, facts: {age: old}, expect: true}", "wrong_type"),
        ("- {title: a, facts: {brand: gotown}, expect: true}", "unknown_value"),
        ("- {title: a, facts: [], expect: true}", "wrong_shape"),
        ("- {title: a, facts: {age: 1}, expect: perhaps}", "unknown_word"),
        ("- {title: a, facts: {age: 1}, expected: true}", "unknown_key"),
        ("- {facts: {age: 1}, expect: true}", "missing_key"),
    ],
)
def test_a_case_that_cannot_be_read_is_told(tmp_path: Path, cases: str, code: str) -> None:
    book = load_rules(put(tmp_path, cases))
    with pytest.raises(RuleFaults) as caught:
        read_cases(book, tmp_path)
    assert code in {fault.code for fault in caught.value.faults}


POLICY = "kind: no_repeat\nspan: 14d\n"
AT = "2026-03-04T10:00:00+08:00"


def read_policy_case(root: Path, case: str) -> PolicyCase:
    (case_read,) = read_cases(load_rules(put(root, case, "contact_policy", POLICY)), root)[1]
    assert isinstance(case_read, PolicyCase)
    return case_read


def test_a_case_of_one_request_is_one_step(tmp_path: Path) -> None:
    case = read_policy_case(tmp_path, f"- {{title: a, request: {{at: '{AT}', channel: web}}, expect: permit}}")
    (step,) = case.steps
    assert (step.clock, step.request.channel, step.is_permitted) == (datetime.fromisoformat(AT), "web", True)
    assert (case.history, step.checks_next) == ((), False)


def test_steps_advance_the_frozen_clock(tmp_path: Path) -> None:
    case = read_policy_case(
        tmp_path,
        f"""
- title: steps
  steps:
    - {{at: '{AT}', request: {{channel: sms}}, expect: permit, outcome: refused}}
    - {{advance: 36h, request: {{}}, expect: suppress, next_allowed_at: null}}
    - {{advance: 2w, request: {{at: '2026-04-01T10:00:00+08:00'}}, expect: permit, reasons: []}}
""",
    )
    first, second, third = case.steps
    assert first.request.outcome == "refused"
    assert second.clock - first.clock == timedelta(hours=36)
    assert second.request.at == second.clock
    assert (second.checks_next, second.next_allowed_at, second.reasons) == (True, None, None)
    assert third.clock - second.clock == timedelta(weeks=2)
    assert (third.request.at.month, third.reasons) == (4, ())


@pytest.mark.parametrize(
    ("case", "place", "code"),
    [
        ("- {title: a, request: {}, expect: allow}", (1, 35), "unknown_word"),
        ("- {title: a, request: {}, expect: permit}", (1, 23), "no_moment"),
        ("- title: a\n  request: {at: 2026-03-04}\n  expect: permit", (2, 17), "bad_moment"),
        ("- title: a\n  request: {at: [1]}\n  expect: permit", (2, 17), "bad_moment"),
        ("- title: a\n  request: {chanel: sms}\n  expect: permit", (2, 13), "unknown_key"),
        ("- title: a\n  request: {channel: fax}\n  expect: permit", (2, 22), "unknown_word"),
        ("- title: a\n  steps: []", (2, 10), "no_steps"),
        ("- title: a\n  steps:\n    - {advance: 7d, request: {}, expect: permit}", (3, 17), "no_moment"),
        ("- title: a\n  steps:\n    - {at: noon, request: {}, expect: permit}", (3, 12), "bad_moment"),
        ("- title: a\n  with: [no-such]\n  request: {}\n  expect: permit", (2, 10), "unknown_rule"),
        ("- title: a\n  lists: [{list: pink}]\n  request: {}\n  expect: permit", (2, 18), "unknown_word"),
        ("- title: a\n  history: [{channel: sms}]\n  request: {}\n  expect: permit", (2, 13), "no_moment"),
        ("- title: a\n  already: many\n  request: {}\n  expect: permit", (2, 12), "bad_number"),
        ("- 3", (1, 3), "wrong_shape"),
    ],
)
def test_a_faulty_scenario_is_told_with_line_and_column(
    tmp_path: Path, case: str, place: tuple[int, int], code: str
) -> None:
    book = load_rules(put(tmp_path, case, "contact_policy", POLICY))
    with pytest.raises(RuleFaults) as caught:
        read_cases(book, tmp_path)
    assert (*place, code) in {(fault.line, fault.column, fault.code) for fault in caught.value.faults}


@pytest.mark.parametrize(
    ("case", "place", "code"),
    [
        ("- {title: a, candidates: [{campaign: c}], expect: []}", (1, 27), "missing_key"),
        (
            "- {title: a, candidates: [{campaign: c, offering: o, categories: [], score: 1}], expect: []}",
            (1, 66),
            "empty_list",
        ),
        (
            "- {title: a, candidates: [{campaign: c, offering: o, categories: [x], score: hi}], expect: []}",
            (1, 78),
            "bad_number",
        ),
        ("- {title: a, candidates: [], expect: none}", (1, 38), "wrong_shape"),
    ],
)
def test_a_faulty_case_of_a_conflict_is_told_with_line_and_column(
    tmp_path: Path, case: str, place: tuple[int, int], code: str
) -> None:
    book = load_rules(put(tmp_path, case, "conflicts", "kind: not_within\nsame: category\nspan: 14d\n"))
    with pytest.raises(RuleFaults) as caught:
        read_cases(book, tmp_path)
    assert (*place, code) in {(fault.line, fault.column, fault.code) for fault in caught.value.faults}
