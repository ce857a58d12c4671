"""Cases beside the rules: read with their places, run on the executors, wrong ones told."""

from pathlib import Path

import pytest

from shared.rulekit.case_executors import all_executors
from shared.rulekit.cases import read_cases, run_cases
from shared.rulekit.faults import RuleFaults
from shared.rulekit.loading import load_rules
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
    results = run_cases(book, tmp_path, executors)
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
    wrong = [one for one in run_cases(book, tmp_path, all_executors(book)) if not one.ok]
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


def test_cases_of_conflicts_and_policies_are_left_to_their_domains(tmp_path: Path) -> None:
    policy = "kind: no_repeat\nspan: 14d\n"
    cases = "- {title: a, request: {at: '2026-03-04T10:00:00+08:00', channel: sms}, history: [], expect: permit}"
    _, scenarios = read_cases(load_rules(put(tmp_path, cases, "contact_policy", policy)), tmp_path)
    (case,) = scenarios
    assert case.content == {
        "request": {"at": "2026-03-04T10:00:00+08:00", "channel": "sms"},
        "history": [],
        "expect": "permit",
    }
    put(tmp_path, "- {title: a, request: {}, expect: allow}", "contact_policy", policy)
    with pytest.raises(RuleFaults):
        read_cases(load_rules(tmp_path), tmp_path)
