"""The cases beside each rule: what the rule's owner expects, run on every executor."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from typing import Literal

from shared.rulekit.case_facts import CaseFacts
from shared.rulekit.case_model import (
    TRUTHS,
    CaseResult,
    ConflictCase,
    FactCase,
    PolicyCase,
    RankingCase,
    TriggerCase,
    different_words,
    truth_word,
)
from shared.rulekit.event_case_reading import EventCaseReader
from shared.rulekit.facts import FactValue
from shared.rulekit.faults import Findings, RuleFaults
from shared.rulekit.model import Condition, InSegment, Rule, RuleBook
from shared.rulekit.reading import Reader
from shared.rulekit.reference import evaluate, explain
from shared.rulekit.scenario_reading import ScenarioReader, read_case_day
from shared.rulekit.tree import Items, Node
from shared.rulekit.yaml_tree import read_yaml

Executor = Callable[[Condition, Mapping[str, FactValue], date], bool | None]
"""One way to judge a condition."""
ScenarioCase = ConflictCase | PolicyCase | TriggerCase | RankingCase
"""A case that the domain of its kind judges."""
_DAY = date(2026, 3, 2)


def read_cases(book: RuleBook, folder: Path) -> tuple[list[FactCase], list[ScenarioCase]]:
    """Return the cases beside the book's rules.

    Raises RuleFaults with every mistake. Codes: no_cases, unknown_word, those of `Reader` and of `check_facts`.
    """
    findings = Findings()
    reader = _CaseReader(book, findings, Reader(findings))
    for kind, rules in book.by_kind.items():
        for rule_id in rules:
            path = folder / kind / rule_id / "cases.yaml"
            node = read_yaml(path, findings)
            if node is not None:
                reader.read_file(kind, rule_id, node)
    findings.check()
    return reader.fact_cases, reader.scenario_cases


def run_cases(book: RuleBook, folder: Path, executors: Mapping[str, Executor] | None = None) -> list[CaseResult]:
    """Read and run the cases of segments and eligibility rules; see `run_fact_cases`. Raises RuleFaults."""
    fact_cases, _ = read_cases(book, folder)
    return run_fact_cases(fact_cases, book, executors)


def run_fact_cases(
    cases: Iterable[FactCase], book: RuleBook, executors: Mapping[str, Executor] | None = None
) -> list[CaseResult]:
    """Return how cases come out on the executors (`case_executors.all_executors`) by name.

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


class _CaseReader:
    def __init__(self, book: RuleBook, findings: Findings, reader: Reader) -> None:
        self._findings = findings
        self._reader = reader
        self._facts = CaseFacts(findings)
        self._vocabulary = book.vocabulary
        self._scenarios = ScenarioReader(reader, book.contact_policies, book.conflicts)
        self._events = EventCaseReader(reader, book)
        self.fact_cases: list[FactCase] = []
        self.scenario_cases: list[ScenarioCase] = []

    def read_file(self, kind: str, rule_id: str, node: Node) -> None:
        items = self._reader.items(node)
        if isinstance(node, Items) and not items:
            self._findings.add(node.place, "no_cases", "a rule needs at least one case")
        for item in items:
            match kind:
                case "segments" | "eligibility":
                    self._fact_case(kind, rule_id, item)
                case "conflicts":
                    self.scenario_cases.append(self._scenarios.conflict(rule_id, item))
                case "contact_policy":
                    self.scenario_cases.append(self._scenarios.policy(rule_id, item))
                case "triggers":
                    self.scenario_cases.append(self._events.trigger(rule_id, item))
                case "ranking":
                    self.scenario_cases.append(self._events.ranking(rule_id, item))

    def _fact_case(self, kind: Literal["segments", "eligibility"], rule_id: str, node: Node) -> None:
        parts = self._reader.fields(node, node.place, ("title", "facts", "expect"), ("on", "because"))
        self.fact_cases.append(
            FactCase(
                kind=kind,
                rule_id=rule_id,
                title=self._reader.text(parts.get("title")),
                place=node.place,
                facts=self._facts.read(parts.get("facts"), self._vocabulary),
                on=(read_case_day(parts["on"], self._reader) if "on" in parts else None) or _DAY,
                expect=TRUTHS[self._reader.word(parts.get("expect"), tuple(TRUTHS))],
                because=self._scenarios.because(parts.get("because")),
            )
        )


__all__ = [
    "CaseResult",
    "FactCase",
    "RuleFaults",
    "ScenarioCase",
    "condition_of",
    "read_cases",
    "reference_executor",
    "run_cases",
    "run_fact_cases",
]
