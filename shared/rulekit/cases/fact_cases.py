"""The cases beside segments and eligibility rules: what the rule's owner expects, run on every executor."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date

from shared.rulekit.cases.model import (
    CaseResult,
    FactCase,
    different_words,
    truth_word,
)
from shared.rulekit.facts import FactValue
from shared.rulekit.model import Condition, InSegment, Rule, RuleBook
from shared.rulekit.reference import evaluate, explain

Executor = Callable[[Condition, Mapping[str, FactValue], date], bool | None]
"""One way to judge a condition."""


def run_fact_cases(
    cases: Iterable[FactCase], book: RuleBook, executors: Mapping[str, Executor] | None = None
) -> list[CaseResult]:
    """Return how cases come out on the executors (`executors.all_executors`) by name.

    Without any given only the reference runs. The words of a case's `because` are compared once, as "explanation".
    """
    judges = executors if executors is not None else {"reference": reference_executor(book)}
    results = []
    for case in cases:
        condition = condition_of(case, book)
        in_force = case.kind == "segments" or book.eligibility[case.rule_id].valid_for.covers(case.on)
        for name, judge in judges.items():
            got = judge(condition, case.facts, case.on) if in_force else False
            message = "" if got is case.expect else f"expected {truth_word(case.expect)}, got {truth_word(got)}"
            results.append(_result(case, name, message, truth_word(got)))
        if case.because is not None:
            results.append(_explanation(case, book))
    return results


def reference_executor(book: RuleBook) -> Executor:
    """Return the reference as an executor."""
    return lambda condition, facts, on: evaluate(condition, facts, book=book, on=on)


def condition_of(case: FactCase, book: RuleBook) -> Condition:
    """Return what the case judges: being in the segment, or the eligibility rule's condition."""
    return InSegment(case.rule_id) if case.kind == "segments" else book.eligibility[case.rule_id].when


def _explanation(case: FactCase, book: RuleBook) -> CaseResult:
    rule: Rule = book.segments[case.rule_id] if case.kind == "segments" else book.eligibility[case.rule_id]
    differences = different_words(case.because, explain(rule, case.facts, book=book))
    return _result(case, "explanation", "; ".join(differences))


def _result(case: FactCase, executor: str, message: str, *seen: str) -> CaseResult:
    return CaseResult(case.rule_id, case.title, executor, not message, message, case.place, case.kind, seen)
