"""A folder of rules as one checked book."""

import dataclasses
import itertools
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import (
    KINDS,
    ConflictRule,
    ContactPolicy,
    EventType,
    Members,
    RankingRule,
    Rule,
    RuleBook,
    SegmentRule,
    TriggerRule,
)
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.conflicts import read_conflict
from shared.rulekit.reading.holding import Use, check_held
from shared.rulekit.reading.policies import read_contact_policy
from shared.rulekit.reading.ranking import read_ranking
from shared.rulekit.reading.reader import ID, Reader
from shared.rulekit.reading.rules import RuleReader
from shared.rulekit.reading.tree import Entries, Node, version_of
from shared.rulekit.reading.triggers import read_trigger
from shared.rulekit.reading.vocabulary import read_events, read_vocabulary
from shared.rulekit.reading.yaml_tree import read_yaml, shown
from shared.rulekit.segment_graph import SegmentGraph
from shared.rulekit.vocabulary import Vocabulary

VOCABULARY_FILE = "vocabulary.yaml"
OTHER_FOLDERS = ("campaigns", "catalogue", "column_maps", "schema")  # beside the rules, read by others
_RuleT = TypeVar("_RuleT", bound=Rule)


def load_rules(folder: Path) -> RuleBook:
    """Return the checked rules of a folder: all of them, or none.

    Raises RuleFaults with every mistake of every file. Codes, besides those of the readers: no_rules_folder,
    unknown_folder, no_rule, no_cases, bad_id, duplicate_order, never_used, no_ranking, segment_cycle, fact_not_held.
    """
    findings = Findings()
    book = read_rules(folder, findings)
    findings.check()
    if book is None:
        raise AssertionError  # there is a fault for it
    return book


def read_rules(folder: Path, findings: Findings) -> RuleBook | None:
    """Return what can be read of a folder's rules, noting every mistake; None without a folder or a vocabulary.

    With faults the book is for looking at, not for deciding: faulty rules hold stand-ins, or are missing.
    """
    if not folder.is_dir():
        findings.add(Place(shown(folder), 1, 1), "no_rules_folder", "there is no such folder")
        return None
    read = _load_vocabulary(folder, findings)
    if read is None:
        return None
    vocabulary, events = read
    rules = RuleReader.over(vocabulary, findings)
    loader = _Loader(folder, findings, rules.conditions)
    _check_folders(folder, findings)
    segments = loader.load("segments", rules.segment)
    eligibility = loader.load("eligibility", rules.eligibility)
    conflicts: dict[str, ConflictRule] = loader.load("conflicts", lambda node, name: read_conflict(node, name, rules))
    policies: dict[str, ContactPolicy] = loader.load(
        "contact_policy", lambda node, name: read_contact_policy(node, name, rules)
    )
    triggers: dict[str, TriggerRule] = loader.load(
        "triggers", lambda node, name: read_trigger(node, name, rules, events)
    )
    ranking = loader.load("ranking", lambda node, name: read_ranking(node, name, rules))
    rules.conditions.check_segments(names_in(folder, "segments") | segments.keys())
    _check_ranking(ranking, loader, findings)
    classes = _classes(segments, loader, findings)
    graph = SegmentGraph(segments, classes)
    for name, place in sorted(loader.naming(graph.in_cycles()).items()):
        findings.add(place, "segment_cycle", f"{name} depends on itself")
    book = RuleBook(vocabulary, segments, eligibility, conflicts, policies, classes, "", triggers, ranking, events)
    check_held(vocabulary, loader.facts, loader.segments, graph.facts(), findings)
    return dataclasses.replace(book, version=_version(book))


def names_in(folder: Path, kind: str) -> set[str]:
    """Return the ids of all rules of a kind, those included that cannot be read: who names one makes no mistake."""
    try:
        return {entry.name for entry in (folder / kind).iterdir()}
    except OSError:
        return set()


def _version(book: RuleBook) -> str:
    rules = [[kind, one.id, one.version] for kind, group in book.by_kind.items() for one in group.values()]
    return version_of(book.vocabulary.version, rules)


def _load_vocabulary(folder: Path, findings: Findings) -> tuple[Vocabulary, Mapping[str, EventType]] | None:
    """Return a sound vocabulary; without one every rule would be faulty: the one true fault is told."""
    path = folder / VOCABULARY_FILE
    node = read_yaml(path, findings)
    if node is None:
        return None
    before = len(findings.faults)
    vocabulary, events = read_vocabulary(node, Reader(findings)), read_events(node, Reader(findings))
    return (vocabulary, events) if len(findings.faults) == before else None


@dataclass(slots=True)
class _Loader:
    folder: Path
    findings: Findings
    conditions: ConditionReader
    facts: list[Use] = field(default_factory=list)
    segments: list[Use] = field(default_factory=list)
    _roots: dict[tuple[str, str], Node] = field(default_factory=dict)

    def at(self, kind: str, name: str, key: str) -> Place:
        """Return where a rule says something, or where its file begins."""
        root = self._roots.get((kind, name))
        node = root.get(key) if isinstance(root, Entries) else None
        return Place(self.path(kind, name), 1, 1) if node is None else node.place

    def naming(self, segments: Collection[str]) -> dict[str, Place]:
        """Return for each of these segments where it first names one of them, else where its condition is."""
        named: dict[str, Place] = {}
        for use in self.segments:
            if use.kind == "segments" and use.name in segments:
                named.setdefault(use.place.path, use.place)
        return {one: named.get(self.path("segments", one), self.at("segments", one, "when")) for one in segments}

    def path(self, kind: str, name: str) -> str:
        return shown(self.folder / kind / name / "rule.yaml")

    def load(self, kind: str, read: Callable[[Node, str], _RuleT | None]) -> dict[str, _RuleT]:
        """Read every rule of one kind, in alphabetical order, and note which facts and segments they name."""
        found: dict[str, _RuleT] = {}
        facts, segments = len(self.conditions.uses), len(self.conditions.references)
        for entry in self._entries(kind):
            if entry.name.startswith("."):
                continue
            rule = self._load_one(kind, entry, read)
            if rule is not None:
                found[rule.id] = rule
        self.facts += [Use(kind, *use) for use in self.conditions.uses[facts:]]
        self.segments += [Use(kind, *use) for use in self.conditions.references[segments:]]
        return found

    def _entries(self, kind: str) -> list[Path]:
        root = self.folder / kind
        if not (root.exists() or root.is_symlink()):
            return []
        try:
            return sorted(root.iterdir())
        except OSError as error:
            self.findings.add(Place(shown(root), 1, 1), "unreadable", f"cannot be read: {error.strerror}")
            return []

    def _load_one(self, kind: str, entry: Path, read: Callable[[Node, str], _RuleT | None]) -> _RuleT | None:
        place = Place(shown(entry), 1, 1)
        if not entry.is_dir():
            self.findings.add(place, "no_rule", f"a rule is a folder with rule.yaml and cases.yaml, under {kind}/")
            return None
        if not ID.fullmatch(entry.name):
            self.findings.add(place, "bad_id", f"{entry.name!r} is not lower case letters, digits and hyphens")
        if not (entry / "rule.yaml").exists():
            self.findings.add(place, "no_rule", "there is no rule.yaml")
            return None
        if not (entry / "cases.yaml").exists():
            self.findings.add(
                Place(self.path(kind, entry.name), 1, 1), "no_cases", "a rule needs a cases.yaml beside it"
            )
        node = read_yaml(entry / "rule.yaml", self.findings)
        if node is None:
            return None
        self._roots[kind, entry.name] = node
        return read(node, entry.name)


def _check_folders(folder: Path, findings: Findings) -> None:
    try:
        entries = sorted(folder.iterdir())
    except OSError as error:
        findings.add(Place(shown(folder), 1, 1), "unreadable", f"cannot be read: {error.strerror}")
        return
    for entry in entries:
        if entry.is_dir() and not entry.name.startswith(".") and entry.name not in {*KINDS, *OTHER_FOLDERS}:
            message = f"there is no kind of rule {entry.name!r}"
            findings.add(Place(shown(entry), 1, 1), "unknown_folder", message, nearest(entry.name, KINDS))


def _classes(segments: dict[str, SegmentRule], loader: _Loader, findings: Findings) -> dict[str, tuple[str, ...]]:
    """Return segment ids by what they classify, in order; two with one order have no order."""
    classes: dict[str, list[SegmentRule]] = {}
    for rule in segments.values():
        if rule.classifies is not None:
            classes.setdefault(rule.classifies, []).append(rule)
    for name, rules in classes.items():
        rules.sort(key=lambda rule: (rule.order, rule.id))
        for first, second in itertools.pairwise(rules):
            if first.order == second.order:
                message = f"{first.id} has order {first.order} in {name!r} too"
                findings.add(loader.at("segments", second.id, "order"), "duplicate_order", message)
    return {name: tuple(rule.id for rule in rules) for name, rules in classes.items()}


def _check_ranking(ranking: dict[str, RankingRule], loader: _Loader, findings: Findings) -> None:
    """Note rules that could both come first, a missing rule for all other offers, and rules that it hides."""
    ordered = sorted(ranking.values(), key=lambda rule: (rule.order, rule.id))
    for first, second in itertools.pairwise(ordered):
        place = loader.at("ranking", second.id, "order")
        if first.order == second.order:
            findings.add(place, "duplicate_order", f"{first.id} has order {first.order} too")
        elif first.members == Members():
            findings.add(place, "never_used", f"{first.id} ranks every offer and comes before it")
    if ordered and all(rule.members != Members() for rule in ordered):
        place = Place(loader.path("ranking", ordered[-1].id), 1, 1)
        findings.add(place, "no_ranking", "one ranking rule must leave out 'ranks', for all other offers")


__all__ = ["KINDS", "OTHER_FOLDERS", "VOCABULARY_FILE", "load_rules", "names_in", "read_rules"]
