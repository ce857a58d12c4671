"""The cases beside triggers and rankings: triggers on the executors that run them, rankings by their own sum."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from math import isclose

from shared.rulekit.cases.model import Case, CaseResult, RankingCase, TriggerCase, different_words, truth_word
from shared.rulekit.durable_backend import DurableJudge
from shared.rulekit.facts import Facts
from shared.rulekit.model import RankingRule, RuleBook, TriggerRule
from shared.rulekit.reference import evaluate, explain
from shared.rulekit.windows import may_fire, trigger_facts, with_windows

Judge = Callable[[str, Facts, date], bool | None]
"""One way to judge a trigger's condition: by the trigger's id, facts with the window among them, the day."""


def trigger_judges(book: RuleBook) -> dict[str, Judge]:
    """Return the reference and durable-rules, which runs triggers in production, over the book's triggers."""
    durable = DurableJudge({name: rule.condition for name, rule in book.triggers.items()}, with_windows(book))
    return {
        "reference": reference_judge(book),
        "durable": lambda rule, facts, on: durable.judge(facts, on=on)[rule],
    }


def reference_judge(book: RuleBook) -> Judge:
    """Return the reference over the book's triggers."""
    whole = with_windows(book)
    return lambda rule, facts, on: evaluate(book.triggers[rule].condition, facts, book=whole, on=on)


def run_trigger_cases(
    cases: Iterable[TriggerCase], book: RuleBook, judges: Mapping[str, Judge] | None = None
) -> list[CaseResult]:
    """Return how each case comes out by each judge, without any given by the reference; windows are worked out once."""
    results = []
    by = judges or {"reference": reference_judge(book)}
    for case in cases:
        rule = book.triggers[case.rule_id]
        known = {**case.facts, **trigger_facts([rule], case.events, at=case.at, book=book)}
        may = may_fire(rule, at=case.at, last_fired_at=case.last_fired_at)
        for executor, judge in by.items():
            got = judge(rule.id, known, case.at.date()) if may else False
            message = "" if got is case.expect else f"expected {truth_word(case.expect)}, got {truth_word(got)}"
            results.append(_result(case, executor, message, truth_word(got)))
        if case.because is not None:
            results.append(_explanation(case, rule, known[rule.window_fact.name], book))
    return results


def run_ranking_cases(cases: Iterable[RankingCase], book: RuleBook) -> list[CaseResult]:
    """Return how each case comes out: the score of its offer, or that the rule does not rank it."""
    return [_ranked(case, book.ranking[case.rule_id]) for case in cases]


def _explanation(case: TriggerCase, rule: TriggerRule, count: object, book: RuleBook) -> CaseResult:
    said = explain(rule, case.facts, book=book).fill(count=count)
    return _result(case, "explanation", "; ".join(different_words(case.because, said)))


def _ranked(case: RankingCase, rule: RankingRule) -> CaseResult:
    members = rule.members
    names = members.categories | members.campaigns | members.offerings
    covers = members.covers(category=case.category, campaign=case.campaign, offering=case.offering)
    score = None
    if covers or not names:
        score = rule.score(value=case.value, propensity=case.propensity, priority=case.priority)
    is_scored = score is not None and case.expect is not None
    ok = isclose(score or 0, case.expect or 0, abs_tol=1e-6) if is_scored else score is case.expect
    return _result(case, "ranking", "" if ok else f"expected {_shown(case.expect)}, got {_shown(score)}")


def _result(case: Case, executor: str, message: str, *seen: str) -> CaseResult:
    return CaseResult(case.rule_id, case.title, executor, not message, message, case.place, case.kind, seen)


def _shown(score: float | None) -> str:
    return "no score" if score is None else f"{score:g}"
