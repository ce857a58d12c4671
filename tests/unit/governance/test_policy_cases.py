"""The cases beside every contact policy, judged by governance."""

from dataclasses import replace
from pathlib import Path

from services.governance.adapters.policy_cases import run_policy_cases
from services.governance.application.policy_cases import run_cases
from shared.rulekit.cases import read_cases
from shared.rulekit.rule_book import load_rules

RULES = Path(__file__).parents[3] / "rules"
BOOK = load_rules(RULES)


def test_every_policy_case_comes_out_as_its_owner_expects() -> None:
    results = run_policy_cases(BOOK, RULES)
    assert [f"{one.place}: {one.title}: {one.message}" for one in results if not one.ok] == []
    assert {one.rule_id for one in results} == set(BOOK.contact_policies)


def test_a_case_that_expects_the_contrary_fails() -> None:
    _, cases = read_cases(BOOK, RULES)
    turned = {"permit": "suppress", "suppress": "permit"}
    policies = [case for case in cases if case.kind == "contact_policy"]
    contrary = [
        replace(case, content={**case.content, "expect": turned[str(case.content["expect"])]}) for case in policies
    ]
    assert not any(result.ok for result in run_cases(contrary, BOOK))


def test_a_case_with_a_misspelt_key_fails_and_names_it() -> None:
    _, cases = read_cases(BOOK, RULES)
    case = next(case for case in cases if case.kind == "contact_policy")
    broken = replace(case, content={**case.content, "request": {"at": "2026-03-02T10:00:00+08:00", "chanel": "sms"}})
    [result] = run_cases([broken], BOOK)
    assert not result.ok
    assert "chanel" in result.message


def test_a_case_that_expects_another_next_time_fails() -> None:
    _, cases = read_cases(BOOK, RULES)
    case = next(case for case in cases if case.kind == "contact_policy" and case.content.get("next_allowed_at"))
    wrong = replace(case, content={**case.content, "next_allowed_at": "2030-01-01T00:00:00+08:00"})
    [result] = run_cases([wrong], BOOK)
    assert not result.ok
