"""The cases beside each rule: from files to values, every mistake with its place."""

from datetime import date
from pathlib import Path
from typing import Literal

from shared.rulekit.cases.event_reading import EventCaseReader
from shared.rulekit.cases.facts import CaseFacts
from shared.rulekit.cases.model import TRUTHS, ConflictCase, FactCase, PolicyCase, RankingCase, TriggerCase
from shared.rulekit.cases.scenario_reading import ScenarioReader, read_case_day
from shared.rulekit.faults import Findings
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Items, Node
from shared.rulekit.reading.yaml_tree import read_yaml

ScenarioCase = ConflictCase | PolicyCase | TriggerCase | RankingCase
"""A case that the domain of its kind judges."""
_DAY = date(2026, 3, 2)  # of a case that names none


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
