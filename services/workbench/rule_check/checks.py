"""What `banyan rules check` finds out, as values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from services.customer_view.adapters.column_map_files import ColumnMapFaults, ColumnMapFiles
from services.workbench.rule_check.accepted import read_accepted, without_accepted
from services.workbench.rule_check.known_names import KnownNames
from services.workbench.rule_check.plan_files import PlanFiles, read_plan_files
from shared.rulekit.analysis.analysing import analyse
from shared.rulekit.analysis.codes import SEVERITIES, Severity
from shared.rulekit.analysis.findings import Finding, from_fault
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import Findings, RuleFaults
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import VOCABULARY_FILE, names_in, read_rules
from shared.rulekit.reading.tree import Node
from shared.rulekit.reading.yaml_tree import read_yaml
from shared.rulekit.vocabulary import Vocabulary


@dataclass(frozen=True, slots=True)
class RuleReport:
    """What is the matter with a folder of rules, in the order of files and lines."""

    folder: Path
    rule_set: str | None
    """The version of the rule set; None when it cannot be used."""
    counts: dict[str, int]
    """How many there are of each kind; empty when the rules cannot be read."""
    findings: Sequence[Finding]

    def within(self, path: Path) -> "RuleReport":
        """Return the report with only what was found in this file or folder."""
        inside = [one for one in self.findings if Path(one.place.path).is_relative_to(path)]
        return replace(self, findings=inside)

    def at_least(self, severity: Severity) -> "RuleReport":
        """Return the report without what matters less."""
        wanted = SEVERITIES[: SEVERITIES.index(severity) + 1]
        return replace(self, findings=[one for one in self.findings if one.severity in wanted])

    @property
    def is_clean(self) -> bool:
        """Whether there is nothing but notes."""
        return all(one.severity == "note" for one in self.findings)


def check_rules(folder: Path, on: date) -> RuleReport:
    """Read rules, cases, catalogue, plans and column maps; return every mistake, and what the analysis finds.

    `on` is the day of judgement: spans of days and valid_for are looked at as of it.
    """
    findings = Findings()
    book = read_rules(folder, findings)
    files = read_plan_files(folder, book, findings)
    accepted = read_accepted(folder, findings)
    if book is None:
        return RuleReport(folder, None, {}, _sorted([from_fault(one) for one in findings.faults]))
    cases = _read_cases(book, folder, findings)
    maps = _read_maps(folder, book.vocabulary, findings)
    nodes = _read_nodes(book, folder)
    named = {kind: names_in(folder, kind) | rules.keys() for kind, rules in book.by_kind.items()}
    named["campaigns"] = names_in(folder, "campaigns") | files.plans.keys()
    KnownNames(book, named, files, findings).check(_subject(book, nodes, files, findings, on))
    found = [from_fault(one) for one in dict.fromkeys(findings.faults)]
    found += analyse(_subject(book, nodes, files, findings, on))
    counts = {"facts": len(book.vocabulary), **{kind: len(rules) for kind, rules in book.by_kind.items()}}
    counts |= {"cases": cases, "offerings": len(files.offerings), "campaigns": len(files.plans), "column_maps": maps}
    kept = without_accepted(found, accepted, folder, is_complete=not findings.faults)
    version = None if findings.faults else book.version
    return RuleReport(folder, version, counts, _sorted(kept))


def _sorted(found: Sequence[Finding]) -> list[Finding]:
    return sorted(found, key=lambda one: (one.place.path, one.place.line, one.place.column, one.code))


def _read_cases(book: RuleBook, folder: Path, findings: Findings) -> int:
    try:
        return sum(len(cases) for cases in read_cases(book, folder))
    except RuleFaults as faulty:
        untold = {
            fault.path.replace("rule.yaml", "cases.yaml") for fault in findings.faults if fault.code == "no_cases"
        }
        findings.faults += (one for one in faulty.faults if one.code != "unreadable" or one.path not in untold)
        return 0


def _read_maps(folder: Path, vocabulary: Vocabulary, findings: Findings) -> int:
    paths = sorted((folder / "column_maps").glob("*.yaml"))
    for path in paths:
        try:
            ColumnMapFiles().read(path, vocabulary)
        except ColumnMapFaults as faulty:
            findings.faults += faulty.faults
    return len(paths)


def _read_nodes(book: RuleBook, folder: Path) -> dict[tuple[str, str], Node]:
    """Return the tree of every rule's file; what is wrong with them has been noted before."""
    paths = {(kind, one): folder / kind / one / "rule.yaml" for kind, rules in book.by_kind.items() for one in rules}
    paths["vocabulary", ""] = folder / VOCABULARY_FILE
    nodes = {key: read_yaml(path, Findings()) for key, path in paths.items()}
    return {key: node for key, node in nodes.items() if node is not None}


def _subject(
    book: RuleBook, nodes: dict[tuple[str, str], Node], files: PlanFiles, findings: Findings, on: date
) -> Subject:
    """Return what is sound: a rule with a mistake of its own holds stand-ins, of which nothing can be said."""
    faulty = {fault.path for fault in findings.faults}
    sound = {key: node for key, node in nodes.items() if node.place.path not in faulty}
    book = replace(
        book,
        segments={one: rule for one, rule in book.segments.items() if ("segments", one) in sound},
        eligibility={one: rule for one, rule in book.eligibility.items() if ("eligibility", one) in sound},
    )
    return Subject(book, sound, on, files.offerings, files.plans, is_complete=not faulty)
