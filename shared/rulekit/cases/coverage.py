"""Coverage: whether the cases of a rule have seen each of its tests true and false, and each of its answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from shared.rulekit.cases.model import CaseResult, FactCase, TriggerCase
from shared.rulekit.faults import Findings, Place
from shared.rulekit.model import Condition, RuleBook
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar
from shared.rulekit.reading.yaml_tree import read_yaml
from shared.rulekit.reference import evaluate
from shared.rulekit.vocabulary import Vocabulary
from shared.rulekit.windows import attributes_of

_GROUPS = {"all", "any"}
_ANSWERS: Mapping[str, tuple[str, str]] = {
    "conflicts": ("effect", "no effect"),
    "contact_policy": ("suppress", "permit"),
    "triggers": ("true", "false"),
}


@dataclass(frozen=True, slots=True)
class Leaf:
    """One test of a condition, as it stands in the file: a fact with one operator, or a segment."""

    place: Place
    text: str
    condition: Condition


@dataclass(frozen=True, slots=True)
class Covered:
    """What the cases have seen of one leaf of a rule, or (text `answer`) of the answers of the rule itself."""

    kind: str
    rule_id: str
    text: str
    place: Place
    seen_true: bool
    seen_false: bool
    seen_unknown: bool = False

    @property
    def is_full(self) -> bool:
        """Tell whether both truths were seen; unknown is told, not asked for."""
        return self.seen_true and self.seen_false


def share_of(covered: Iterable[Covered]) -> float:
    """Return the share of truths seen, two for each entry; 1 when there is nothing to see."""
    seen = [truth for one in covered for truth in (one.seen_true, one.seen_false)]
    return sum(seen) / len(seen) if seen else 1.0


def leaves_of(node: Node, vocabulary: Vocabulary) -> Iterator[Leaf]:
    """Yield the tests of a sound condition in the order of the file."""
    if isinstance(node, Items):
        for item in node.items:
            yield from leaves_of(item, vocabulary)
        return
    if not isinstance(node, Entries):
        return
    for name, value in node.entries:
        if name.text in _GROUPS or name.text == "not":
            yield from leaves_of(value, vocabulary)
        elif isinstance(value, Entries):
            for operator, operand in value.entries:
                test = Entries(name.place, ((name, Entries(value.place, ((operator, operand),))),))
                place = operator.place if len(value.entries) > 1 else name.place
                yield Leaf(
                    place,
                    f"{name.text}: {written(Entries(value.place, ((operator, operand),)))}",
                    _read(test, vocabulary),
                )
        else:
            test = Entries(name.place, ((name, value),))
            yield Leaf(name.place, f"{name.text}: {written(value)}", _read(test, vocabulary))


def leaf_coverage(cases: Iterable[FactCase | TriggerCase], book: RuleBook, folder: Path) -> list[Covered]:
    """Return what the cases of rules with a `when` have seen of its leaves, in order."""
    of_rule: dict[tuple[str, str], list[FactCase | TriggerCase]] = {}
    for case in cases:
        of_rule.setdefault((case.kind, case.rule_id), []).append(case)
    found = []
    for (kind, rule_id), own in of_rule.items():
        for leaf in _leaves_in(folder / kind / rule_id / "rule.yaml", book.vocabulary):
            truths = {evaluate(leaf.condition, case.facts, book=book, on=_day_of(case)) for case in own}
            found.append(Covered(kind, rule_id, leaf.text, leaf.place, True in truths, False in truths, None in truths))
    return found


def event_coverage(cases: Iterable[TriggerCase], book: RuleBook, folder: Path) -> list[Covered]:
    """Return what the events of triggers' cases have shown of the tests on their attributes, in order."""
    of_rule: dict[str, list[TriggerCase]] = {}
    for case in cases:
        of_rule.setdefault(case.rule_id, []).append(case)
    found = []
    for rule_id, own in of_rule.items():
        root = read_yaml(folder / "triggers" / rule_id / "rule.yaml", Findings())
        for event_type, where in _wheres(root) if root is not None else ():
            speaking = replace(book, vocabulary=attributes_of(book, event_type))
            for leaf in leaves_of(where, speaking.vocabulary):
                truths = {
                    evaluate(leaf.condition, event.attributes, book=speaking, on=event.at.date())
                    for case in own
                    for event in case.events
                    if event.type == event_type
                }
                text = f"{event_type}.{leaf.text}"
                found.append(
                    Covered("triggers", rule_id, text, leaf.place, True in truths, False in truths, None in truths)
                )
    return found


def _wheres(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield each event a trigger names with the condition on its attributes."""
    if isinstance(node, Items):
        for item in node.items:
            yield from _wheres(item)
    elif isinstance(node, Entries):
        event, where = node.get("event"), node.get("where")
        if isinstance(event, Scalar) and where is not None:
            yield event.text, where
        for name, value in node.entries:
            if name.text in {"steps", "after", "without"}:
                yield from _wheres(value)


def answer_coverage(results: Iterable[CaseResult], folder: Path) -> list[Covered]:
    """Return which answers the rules of the other kinds have given in their cases, in order."""
    seen: dict[tuple[str, str], set[str]] = {}
    for result in results:
        if result.kind in _ANSWERS:
            seen.setdefault((result.kind, result.rule_id), set()).update(result.seen)
    found = []
    for (kind, rule_id), answers in seen.items():
        yes, no = _ANSWERS[kind]
        place = Place(str(folder / kind / rule_id / "rule.yaml"), 1, 1)
        found.append(Covered(kind, rule_id, f"{yes} / {no}", place, yes in answers, no in answers))
    return found


def written(node: Node) -> str:
    """Return a node on one line, much as a file has it."""
    if isinstance(node, Items):
        return "[" + ", ".join(written(item) for item in node.items) + "]"
    if isinstance(node, Entries):
        return "{" + ", ".join(f"{name.text}: {written(value)}" for name, value in node.entries) + "}"
    return node.text


def _day_of(case: FactCase | TriggerCase) -> date:
    return case.on if isinstance(case, FactCase) else case.at.date()


def _leaves_in(path: Path, vocabulary: Vocabulary) -> list[Leaf]:
    node = read_yaml(path, Findings())
    when = node.get("when") if isinstance(node, Entries) else None
    return [] if when is None else list(leaves_of(when, vocabulary))


def _read(test: Entries, vocabulary: Vocabulary) -> Condition:
    return ConditionReader(vocabulary, Findings()).read(test)
