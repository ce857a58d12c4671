"""The cases beside each rule: what the rule's owner expects, run on every executor."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal

from shared.kernel.text import Text
from shared.rulekit.facts import FactFault, FactValue, check_facts
from shared.rulekit.faults import Findings, Place, RuleFaults
from shared.rulekit.loading import KINDS
from shared.rulekit.model import Condition, InSegment, Rule, RuleBook
from shared.rulekit.reading import Reader
from shared.rulekit.reference import evaluate, explain
from shared.rulekit.tree import Entries, Items, Node, Scalar
from shared.rulekit.yaml_tree import read_yaml

Plain = str | int | float | bool | None | list["Plain"] | dict[str, "Plain"]
Executor = Callable[[Condition, Mapping[str, FactValue], date], bool | None]
"""One way to judge a condition: true, false or (None) unknown."""
_DAY = date(2026, 3, 2)
_TRUTH = {"true": True, "false": False, "unknown": None}


@dataclass(frozen=True, slots=True, kw_only=True)
class FactCase:
    """A case of a segment or an eligibility rule: facts, the day of judgement, what is expected."""

    kind: Literal["segments", "eligibility"]
    rule_id: str
    title: str
    place: Place
    facts: Mapping[str, FactValue]
    on: date
    expect: bool | None
    because: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioCase:
    """A case of a conflict or contact policy, as written (money and dates as text or numbers); its domain judges it."""

    kind: Literal["conflicts", "contact_policy"]
    rule_id: str
    title: str
    place: Place
    content: Mapping[str, Plain]


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case came out on one executor; `ok` when what came out is what was expected."""

    rule_id: str
    title: str
    executor: str
    ok: bool
    message: str
    place: Place


def read_cases(book: RuleBook, folder: Path) -> tuple[list[FactCase], list[ScenarioCase]]:
    """Return the cases beside the book's rules.

    Raises RuleFaults with every mistake. Codes: no_cases, unknown_word, those of `Reader` and of `check_facts`.
    """
    findings = Findings()
    reader = _CaseReader(book, findings, Reader(findings))
    for kind in KINDS[:4]:
        for rule_id in book.by_kind[kind]:
            path = folder / kind / rule_id / "cases.yaml"
            node = read_yaml(path, findings)
            if node is not None:
                reader.read_file(kind, rule_id, node)
    findings.check()
    return reader.fact_cases, reader.scenario_cases


def run_cases(book: RuleBook, folder: Path, executors: Mapping[str, Executor] | None = None) -> list[CaseResult]:
    """Run the cases of segments and eligibility rules on the executors (`case_executors.all_executors`) by name.

    Without any given only the reference runs. The words of a case's `because` are compared once, as "explanation".
    Raises RuleFaults when the cases themselves cannot be read.
    """
    fact_cases, _ = read_cases(book, folder)
    judges = executors if executors is not None else {"reference": reference_executor(book)}
    results = []
    for case in fact_cases:
        condition = condition_of(case, book)
        for name, judge in judges.items():
            got = judge(condition, case.facts, case.on)
            ok = got is case.expect
            message = "" if ok else f"expected {_word(case.expect)}, got {_word(got)}"
            results.append(CaseResult(case.rule_id, case.title, name, ok, message, case.place))
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
    said, wanted = explain(rule, case.facts, book=book), case.because or Text("", "")
    differences = [
        f"expected {want!r}, got {got!r}"
        for want, got in ((wanted.zh, said.zh), (wanted.en, said.en))
        if want and want != got
    ]
    return CaseResult(case.rule_id, case.title, "explanation", not differences, "; ".join(differences), case.place)


def _word(value: bool | None) -> str:
    return next(word for word, truth in _TRUTH.items() if truth is value)


class _CaseReader:
    def __init__(self, book: RuleBook, findings: Findings, reader: Reader) -> None:
        self._book = book
        self._findings = findings
        self._reader = reader
        self.fact_cases: list[FactCase] = []
        self.scenario_cases: list[ScenarioCase] = []

    def read_file(self, kind: str, rule_id: str, node: Node) -> None:
        items = self._reader.items(node)
        if isinstance(node, Items) and not items:
            self._findings.add(node.place, "no_cases", "a rule needs at least one case")
        for item in items:
            if kind in {"segments", "eligibility"}:
                self._fact_case(kind, rule_id, item)
            else:
                self._scenario_case(kind, rule_id, item)

    def _fact_case(self, kind: str, rule_id: str, node: Node) -> None:
        parts = self._reader.fields(node, node.place, ("title", "facts", "expect"), ("on", "because"))
        expect = self._reader.word(parts.get("expect"), tuple(_TRUTH))
        self.fact_cases.append(
            FactCase(
                kind="segments" if kind == "segments" else "eligibility",
                rule_id=rule_id,
                title=self._reader.text(parts.get("title")),
                place=node.place,
                facts=self._facts(parts.get("facts")),
                on=self._reader.day(parts.get("on")) or _DAY,
                expect=_TRUTH[expect],
                because=self._because(parts.get("because")),
            )
        )

    def _because(self, node: Node | None) -> Text | None:
        if node is None:
            return None
        parts = self._reader.fields(node, node.place, (), ("zh", "en"))
        return Text(self._reader.text(parts.get("zh")), self._reader.text(parts.get("en")))

    def _facts(self, node: Node | None) -> dict[str, FactValue]:
        if not isinstance(node, Entries):
            if node is not None:
                self._findings.add(node.place, "wrong_shape", "facts are a mapping of fact to value")
            return {}
        facts: dict[str, FactValue] = {}
        for name, value in node.entries:
            read = self._fact_value(name.text, value)
            faults: list[FactFault] = check_facts({name.text: read}, self._book.vocabulary)
            for fault in faults:
                self._findings.add(name.place, fault.code, fault.message, fault.suggestion)
            if not faults:
                facts[name.text] = read
        return facts

    def _fact_value(self, name: str, node: Node) -> FactValue:
        """Return a case's value as the bus would carry it; money is written in yuan, as in rules."""
        value = plain(node)
        fact = self._book.vocabulary.facts.get(name)
        if (
            fact is not None
            and fact.type == "money"
            and isinstance(value, (int, float))
            and not isinstance(value, bool)
        ):
            return round(value * 100)
        if fact is not None and fact.type in {"text", "enum"} and isinstance(node, Scalar) and node.kind != "null":
            return node.text
        if isinstance(value, list):
            return [str(item) for item in value]
        return str(value) if isinstance(value, dict) else value

    def _scenario_case(self, kind: str, rule_id: str, node: Node) -> None:
        if kind == "conflicts":
            parts = self._reader.fields(node, node.place, ("title", "candidates", "expect"), _MORE_OF_CONFLICTS)
        else:
            parts = self._reader.fields(node, node.place, ("title", "request", "expect"), _MORE_OF_POLICIES)
        if kind == "contact_policy" and "expect" in parts:
            self._reader.word(parts["expect"], ("permit", "suppress"))
        self.scenario_cases.append(
            ScenarioCase(
                kind="conflicts" if kind == "conflicts" else "contact_policy",
                rule_id=rule_id,
                title=self._reader.text(parts.get("title")),
                place=node.place,
                content={name: plain(value) for name, value in parts.items() if name != "title"},
            )
        )


_MORE_OF_CONFLICTS = ("products", "history", "at", "on", "because")
_MORE_OF_POLICIES = ("history", "lists", "already", "on", "next_allowed_at", "because")


def plain(node: Node) -> Plain:
    """Return a tree as plain values; dates and times stay text."""
    match node:
        case Items(_, items):
            return [plain(item) for item in items]
        case Entries(_, entries):
            return {name.text: plain(value) for name, value in entries}
        case Scalar(_, "null", _):
            return None
        case Scalar(_, "boolean", text) if text in {"true", "false"}:
            return text == "true"
        case Scalar(_, "number", text):
            return _figure(text)
        case Scalar(_, _, text):
            return text


def _figure(text: str) -> int | float | str:
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text


__all__ = [
    "CaseResult",
    "FactCase",
    "RuleFaults",
    "ScenarioCase",
    "condition_of",
    "plain",
    "read_cases",
    "reference_executor",
    "run_cases",
]
