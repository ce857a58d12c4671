"""One rule file standing anywhere: its kind is told from what it holds."""

from collections.abc import Collection, Mapping
from pathlib import Path

from shared.kernel.text import Text
from shared.rulekit.faults import Findings
from shared.rulekit.model import EventType, Rule, RuleBook, SegmentRule
from shared.rulekit.reading.conflicts import CONFLICT_KINDS, read_conflict
from shared.rulekit.reading.policies import POLICY_KINDS, read_contact_policy
from shared.rulekit.reading.ranking import read_ranking
from shared.rulekit.reading.reader import ID
from shared.rulekit.reading.rules import RuleReader
from shared.rulekit.reading.tree import Entries, Node, Scalar, version_of
from shared.rulekit.reading.triggers import read_trigger, trigger_kinds
from shared.rulekit.reading.yaml_tree import read_yaml
from shared.rulekit.vocabulary import Vocabulary

_GROUPS = ("all", "any", "not", "segment")
_OF_RULES = {"id", "owner", "because", "valid_for", "when", "level", "kind", "classifies", "order"}
_RANKING = ("order", "value", "propensity", "priority")


def read_rule_file(
    path: Path, words: RuleBook | Vocabulary, *, segments: Collection[str] | None = None, lenient: bool = False
) -> Rule:
    """Return the rule of one file, whatever it and its folder are called.

    `level` makes it an eligibility rule, `kind` a conflict, a contact policy or a trigger, bounds of value and
    propensity a ranking rule; all else is a segment. `words` is a book, or a vocabulary with the ids of `segments`
    that may be named (None: any). With `lenient` id, owner and words may be missing, and the file may be nothing but
    a condition; a rule without id is called by the file, or by its folder if the file is called rule.yaml.

    Raises RuleFaults with every mistake of the file; codes: those of the readers of each kind.
    """
    findings = Findings()
    node = read_yaml(path, findings)
    rule = None if node is None else _read(node, path, words, findings, segments, lenient=lenient)
    findings.check()
    if rule is None:
        raise AssertionError  # there is a fault for it
    return rule


def _read(  # noqa: PLR0913, RUF100 - one call from above, every value passed on
    node: Node,
    path: Path,
    words: RuleBook | Vocabulary,
    findings: Findings,
    segments: Collection[str] | None,
    *,
    lenient: bool,
) -> Rule | None:
    vocabulary, events = (words.vocabulary, words.events) if isinstance(words, RuleBook) else (words, {})
    known = words.segments if segments is None and isinstance(words, RuleBook) else segments
    rules = RuleReader.over(vocabulary, findings)
    rules.lenient = lenient
    name = _name(node, path)
    if lenient and _is_condition(node, vocabulary):
        rule: Rule | None = SegmentRule(
            id=name, version=version_of(node), owner="", because=Text("", ""), when=rules.conditions.read(node)
        )
    else:
        rule = _read_rule(node, name, rules, events)
    if known is not None:
        rules.conditions.check_segments(known)
    return rule


def _name(node: Node, path: Path) -> str:
    named = node.get("id") if isinstance(node, Entries) else None
    if isinstance(named, Scalar) and ID.fullmatch(named.text):
        return named.text
    return path.parent.resolve().name if path.stem == "rule" else path.stem


def _is_condition(node: Node, vocabulary: Vocabulary) -> bool:
    """Tell a bare condition from a rule: facts and groups alone, or nothing that a rule is made of."""
    if not isinstance(node, Entries) or not node.entries:
        return False
    keys = {key.text for key, _ in node.entries}
    return all(key in vocabulary or key in _GROUPS for key in keys) or not keys & _OF_RULES


def _read_rule(node: Node, name: str, rules: RuleReader, events: Mapping[str, EventType]) -> Rule | None:
    if not isinstance(node, Entries):
        return rules.segment(node, name)
    if node.get("kind") is not None:
        return _read_kind(node, name, rules, events)
    if node.get("level") is not None:
        return rules.eligibility(node, name)
    if node.get("when") is None and any(node.get(part) is not None for part in _RANKING):
        return read_ranking(node, name, rules)
    return rules.segment(node, name)


def _read_kind(node: Entries, name: str, rules: RuleReader, events: Mapping[str, EventType]) -> Rule | None:
    kind = node.get("kind")
    word = rules.reader.word(kind, (*CONFLICT_KINDS, *POLICY_KINDS, *trigger_kinds(rules, events)))
    if rules.findings.faults:
        return None
    if word in CONFLICT_KINDS:
        return read_conflict(node, name, rules)
    if word in POLICY_KINDS:
        return read_contact_policy(node, name, rules)
    return read_trigger(node, name, rules, events)
