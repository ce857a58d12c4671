"""The cases beside every rule of the project, judged by what decides at run time; and that they could fail."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.workbench.rule_selection import RuleSelection, select_rules
from services.workbench.rule_test import conflict_cases
from services.workbench.rule_test.running import CaseReport, run_cases
from shared.rulekit.cases.event_cases import run_ranking_cases, run_trigger_cases
from shared.rulekit.cases.model import ConflictCase, RankingCase, TriggerCase
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[3] / "rules"
BOOK = load_rules(RULES)
_, SCENARIOS = read_cases(BOOK, RULES)


@pytest.fixture(scope="module")
def report() -> CaseReport:
    return run_cases(RuleSelection(RULES))


def test_every_case_comes_out_as_its_owner_expects(report: CaseReport) -> None:
    assert [f"{one.place}: {one.executor}: {one.message}" for one in report.failed] == []
    judged = {(one.kind, one.rule_id) for one in report.results}
    assert judged == {(kind, rule) for kind, rules in BOOK.by_kind.items() for rule in rules}


def test_the_cases_see_every_test_true_and_false_and_every_answer(report: CaseReport) -> None:
    assert [f"{one.place.path}:{one.place.line}: {one.rule_id}: {one.text}" for one in report.uncovered] == []
    assert report.share == 1


def test_conflicts_that_expect_nobody_to_lose_fail_where_somebody_does() -> None:
    cases = [case for case in SCENARIOS if isinstance(case, ConflictCase)]
    contrary = [
        replace(case, expect=tuple(one.campaign for one in case.candidates))
        for case in cases
        if len(case.expect) < len(case.candidates)
    ]
    assert len(contrary) >= len(BOOK.conflicts)
    assert not any(result.ok for result in conflict_cases.run_cases(contrary, BOOK))


def test_words_of_a_conflict_are_compared() -> None:
    case = next(one for one in SCENARIOS if isinstance(one, ConflictCase) and one.because is not None)
    words = replace(case, because=replace(case.because, en="for no reason"))
    (result,) = conflict_cases.run_cases([words], BOOK)
    assert "for no reason" in result.message


def test_triggers_and_rankings_that_expect_otherwise_fail() -> None:
    triggers = [one for one in SCENARIOS if isinstance(one, TriggerCase)]
    contrary = [replace(one, expect=not one.expect, because=None) for one in triggers if one.expect is not None]
    assert not any(result.ok for result in run_trigger_cases(contrary, BOOK))
    rankings = [replace(one, expect=(one.expect or 0) + 1) for one in SCENARIOS if isinstance(one, RankingCase)]
    assert not any(result.ok for result in run_ranking_cases(rankings, BOOK))


@pytest.mark.servers
def test_every_case_comes_out_the_same_on_postgresql(postgres_url: str) -> None:
    engine = sa.create_engine(postgres_url)
    found = run_cases(select_rules(RULES / "segments"), engine)
    engine.dispose()
    assert found.cases > 0
    assert found.failed == []
