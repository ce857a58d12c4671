"""One rule file and what it speaks of: its vocabulary, and the segments it names."""

from dataclasses import dataclass, replace
from pathlib import Path

from shared.rulekit.facts import segments_of
from shared.rulekit.faults import Findings, RuleFault, RuleFaults
from shared.rulekit.model import EligibilityRule, Rule, RuleBook, SegmentRule, TriggerRule
from shared.rulekit.reading.folder import VOCABULARY_FILE, read_rules
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.rule_file import read_rule_file
from shared.rulekit.reading.rules import RuleReader
from shared.rulekit.reading.vocabulary import read_events, read_vocabulary
from shared.rulekit.reading.yaml_tree import read_yaml


@dataclass(frozen=True, slots=True)
class Sources:
    """Where things are read from.

    `vocabulary` None is the nearest one beside or above the rule, else that of a folder of rules. `folder` None is
    the folder of that vocabulary if it has segments, else `otherwise`.
    """

    rule: Path
    otherwise: Path
    folder: Path | None = None
    vocabulary: Path | None = None

    def vocabulary_file(self) -> Path:
        """Return the vocabulary the rule is read against."""
        if self.vocabulary is not None:
            return self.vocabulary
        above = (place / VOCABULARY_FILE for place in self.rule.resolve().parents)
        return next((path for path in above if path.is_file()), (self.folder or self.otherwise) / VOCABULARY_FILE)

    def rules_folder(self) -> Path:
        """Return the folder of the rules beside which the rule stands."""
        beside = self.vocabulary_file().parent
        return self.folder or (beside if (beside / "segments").is_dir() else self.otherwise)

    def segment_files(self) -> dict[str, Path]:
        """Return the segments the rule may name, by id."""
        return {path.parent.name: path for path in sorted(self.rules_folder().glob("segments/*/rule.yaml"))}


def read_for_evaluation(sources: Sources) -> tuple[Rule, RuleBook]:
    """Return the rule, and a book that holds it among the segments of the folder if it needs any of them.

    Raises RuleFaults with the mistakes of the files read; other rules of the folder are not looked at.
    """
    words = _vocabulary(sources.vocabulary_file())
    rule = read_rule_file(sources.rule, words, segments=sources.segment_files(), lenient=True)
    book = replace(words, version=rule.version)
    if _needs_segments(rule):
        book = _with_segments(book, _segments(sources, words))
    if isinstance(rule, SegmentRule):
        book = _with_segments(book, {**book.segments, rule.id: rule})
        _check_order(rule, book, sources)
        _check_cycle(rule, book, sources)
    elif isinstance(rule, TriggerRule):
        book = replace(book, triggers={rule.id: rule})
    elif not isinstance(rule, EligibilityRule):
        book = _with_neighbours(book, sources)
    return rule, book


def _with_neighbours(book: RuleBook, sources: Sources) -> RuleBook:
    """Add the conflicts and policies of the folder, which a line may name; of a faulty folder none can be named."""
    findings = Findings()
    found = read_rules(sources.rules_folder(), findings)
    if found is None or findings.faults:
        return book
    return replace(book, conflicts=found.conflicts, contact_policies=found.contact_policies)


def _vocabulary(path: Path) -> RuleBook:
    if not path.exists():
        message = "there is no vocabulary beside the rule file or above it, nor here: name one with --vocabulary"
        raise RuleFaults([RuleFault(str(path), 1, 1, "no_vocabulary", message)])
    findings = Findings()
    node = read_yaml(path, findings)
    findings.check()
    if node is None:
        raise AssertionError  # there is a fault for it
    vocabulary, events = read_vocabulary(node, Reader(findings)), read_events(node, Reader(findings))
    findings.check()
    return RuleBook(vocabulary, {}, {}, {}, {}, {}, vocabulary.version, events=events)


def _needs_segments(rule: Rule) -> bool:
    match rule:
        case SegmentRule():
            return rule.classifies is not None or bool(segments_of(rule.when))
        case EligibilityRule():
            return bool(segments_of(rule.when))
        case TriggerRule():
            return rule.when is not None and bool(segments_of(rule.when))
        case _:
            return False


def _segments(sources: Sources, words: RuleBook) -> dict[str, SegmentRule]:
    findings = Findings()
    reader = RuleReader.over(words.vocabulary, findings)
    reader.lenient = True
    found = {}
    for name, path in sources.segment_files().items():
        node = read_yaml(path, findings)
        if node is not None:
            found[name] = reader.segment(node, name)
    reader.conditions.check_segments(found)
    findings.check()
    return found


def _with_segments(book: RuleBook, segments: dict[str, SegmentRule]) -> RuleBook:
    things = sorted({rule.classifies for rule in segments.values() if rule.classifies is not None})
    classes = {
        thing: tuple(
            rule.id
            for rule in sorted(segments.values(), key=lambda rule: (rule.order, rule.id))
            if rule.classifies == thing
        )
        for thing in things
    }
    return replace(book, segments=segments, classes=classes)


def _check_order(rule: SegmentRule, book: RuleBook, sources: Sources) -> None:
    for other in (book.segments[one] for one in book.classes.get(rule.classifies or "", ())):
        if other.order == rule.order and other.id != rule.id:
            _refuse(sources, "duplicate_order", f"{other.id} has order {rule.order} in {rule.classifies!r} too")


def _check_cycle(rule: SegmentRule, book: RuleBook, sources: Sources) -> None:
    """Refuse a segment that depends on itself through those it names or those before it in its class."""
    waiting, seen = _needed(rule, book), set[str]()
    while waiting:
        one = waiting.pop()
        if one == rule.id:
            _refuse(sources, "segment_cycle", f"{rule.id} depends on itself")
        if one not in seen:
            seen.add(one)
            waiting |= _needed(book.segment(one), book)


def _needed(rule: SegmentRule, book: RuleBook) -> set[str]:
    before = book.classes[rule.classifies] if rule.classifies is not None else (rule.id,)
    found: set[str] = set()
    for one in before[: before.index(rule.id) + 1]:
        found |= segments_of(book.segments[one].when)
    return found


def _refuse(sources: Sources, code: str, message: str) -> None:
    raise RuleFaults([RuleFault(str(sources.rule), 1, 1, code, message)])
