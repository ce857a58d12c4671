"""Conditions: from a tree to typed values, every operator and literal checked against the vocabulary."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from fractions import Fraction
from typing import Literal

from shared.kernel.text import Text
from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings, Place, RuleFaults
from shared.rulekit.model import (
    AgeOperator,
    All,
    Any,
    Compare,
    Condition,
    Constant,
    InSegment,
    IsKnown,
    Not,
    Operator,
    OtherFact,
    SetOperator,
)
from shared.rulekit.reading.literals import Literal as Written
from shared.rulekit.reading.literals import read_decimal, read_literal
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Entries, Items, Node, Scalar, tree_of
from shared.rulekit.vocabulary import DECIMALS, ORDERED_TYPES, Fact, FactType, Vocabulary

_DEEPEST = 12  # groups in one another; beyond it no person can follow, and the engines have limits of their own
_STAND_IN = Constant(value=None)  # takes the place of a faulty part; never leaves this module unnoticed
ORDER: Mapping[str, Operator] = {
    "equals": "equals",
    "not_equals": "equals",
    "at_least": "at_least",
    "more_than": "more_than",
    "at_most": "at_most",
    "less_than": "less_than",
    "after": "more_than",
    "before": "less_than",
}
LISTS: Mapping[str, Operator | SetOperator] = {
    "one_of": "one_of",
    "none_of": "one_of",
    "contains_any": "contains_any",
    "contains_all": "contains_all",
    "contains_none": "contains_any",
}
AGES: Mapping[str, AgeOperator] = {"older_than": "older_than", "within": "within"}
_NEGATED = {"not_equals", "none_of", "contains_none"}
_NUMERIC = ("equals", "not_equals", "at_least", "more_than", "at_most", "less_than", "between", "one_of", "none_of")
OPERATORS: Mapping[FactType, tuple[str, ...]] = {
    "integer": _NUMERIC,
    "number": _NUMERIC,
    "money": _NUMERIC,
    "date": (*_NUMERIC, "before", "after", "older_than", "within"),
    "enum": ("equals", "not_equals", "one_of", "none_of"),
    "text": ("equals", "not_equals", "one_of", "none_of"),
    "boolean": ("equals",),
    "set": ("contains_any", "contains_all", "contains_none", "size"),
}
SIZES = ("equals", "not_equals", "at_least", "more_than", "at_most", "less_than", "between")
"""What is asked of the size of a set."""
_GROUPS = ("all", "any", "not", "segment")
MOST_VALUES = 500  # in one list
LARGEST_FACTOR = 100
_SIZE = Fact("size", "integer", "", "", Text("", ""))


def read_condition(
    rule: Mapping[str, object],
    vocabulary: Vocabulary,
    *,
    segments: Collection[str] | None = None,
    holder: str | None = None,
) -> Condition:
    """Return an inline condition, decoded from JSON, in the rule language; `segments` are the ids it may name.

    With `holder`, the service that will judge it, a fact which that service does not hold is a mistake.
    Raises RuleFaults with the way to each mistake (`rule.all.2.age`) as its path.
    """
    findings = Findings()
    try:
        node = tree_of(rule)
    except (ValueError, TypeError) as error:  # too deep, or a number too long to be written down
        findings.add(Place("rule"), "wrong_shape", f"not a condition: {error}")
        raise RuleFaults(findings.faults) from error
    reader = ConditionReader(vocabulary, findings)
    condition = reader.read(node)
    if segments is not None:
        reader.check_segments(segments)
    if holder is not None:
        reader.check_held(holder)
    findings.check()
    return condition


class ConditionReader:
    """Reads conditions against a vocabulary; faults go to `findings`; where it names segments and facts is kept.

    `noun` is what the vocabulary's entries are called: an event's attributes are a vocabulary too.

    Codes: wrong_shape, empty_group, unknown_fact, unknown_operator, empty_list, too_many_values, different_types,
    unknown_segment, nested_too_deep, and those of `read_literal`.
    """

    def __init__(self, vocabulary: Vocabulary, findings: Findings, *, noun: str = "fact") -> None:
        self._vocabulary = vocabulary
        self._noun = noun
        self._findings = findings
        self._reader = Reader(findings)
        self.references: list[tuple[Place, str]] = []
        self.uses: list[tuple[Place, str]] = []

    def check_segments(self, known: Collection[str]) -> None:
        """Note a fault for every reference to a segment that is not among `known`."""
        for place, segment in self.references:
            if segment not in known:
                self._findings.unknown(place, "unknown_segment", "segment", segment, known)

    def check_held(self, service: str) -> None:
        """Note a fault for every fact that the service which will judge the condition does not hold."""
        for place, name in self.uses:
            fact = self._vocabulary[name]
            if service not in fact.holders:
                message = f"{name} is kept by {fact.owner}; {service}, which judges this, does not hold it"
                self._findings.add(place, "fact_not_held", message)

    def read(self, node: Node, depth: int = 0) -> Condition:
        """Return the condition of a node; where it is faulty, a stand-in."""
        if depth > _DEEPEST:
            self._findings.add(node.place, "nested_too_deep", f"more than {_DEEPEST} groups in one another")
            return _STAND_IN
        if not isinstance(node, Entries):
            self._findings.add(node.place, "wrong_shape", "a condition is a mapping: a fact, all, any, not or segment")
            return _STAND_IN
        if not node.entries:
            self._findings.add(node.place, "empty_group", "a condition must say something")
            return _STAND_IN
        return _all([self._entry(name, value, depth) for name, value in node.entries])

    def _entry(self, name: Scalar, value: Node, depth: int) -> Condition:
        match name.text:
            case "all":
                return All(self._parts(name, value, depth))
            case "any":
                return Any(self._parts(name, value, depth))
            case "not":
                return Not(self.read(value, depth + 1))
            case "segment":
                segment = self._reader.name(value)
                if segment:  # what is no text is told already
                    self.references.append((value.place, segment))
                return InSegment(segment)
        fact = self._fact(name)
        return self._tests(fact, value) if fact else _STAND_IN

    def _parts(self, name: Scalar, value: Node, depth: int) -> tuple[Condition, ...]:
        parts = tuple(self.read(item, depth + 1) for item in self._reader.items(value))
        if isinstance(value, Items) and not parts:
            self._findings.add(name.place, "empty_group", f"{name.text!r} needs at least one part")
        return parts

    def _fact(self, name: Scalar) -> Fact | None:
        fact = self._vocabulary.facts.get(name.text)
        if fact is None:
            known = [*self._vocabulary.facts, *_GROUPS]
            self._findings.unknown(name.place, f"unknown_{self._noun}", self._noun, name.text, known)
        else:
            self.uses.append((name.place, name.text))
        return fact

    def _tests(self, fact: Fact, value: Node) -> Condition:
        if isinstance(value, Entries):
            if not value.entries:
                self._findings.add(value.place, "empty_group", f"{fact.name} is compared with nothing")
                return _STAND_IN
            return _all([self._test(fact, name, operand) for name, operand in value.entries])
        if fact.type == "set" or isinstance(value, Items):
            self._findings.add(value.place, "wrong_shape", f"{fact.name}: say how, with one of {_listed(fact)}")
            return _STAND_IN
        return self._ordered(fact, "equals", value)

    def _test(self, fact: Fact, name: Scalar, operand: Node) -> Condition:
        operator = name.text
        if operator == "is_known":
            return self._is_known(fact, operand)
        if operator not in OPERATORS[fact.type]:
            message = f"{fact.name} is of type {fact.type}; it knows {_listed(fact)}"
            self._findings.add(name.place, "unknown_operator", message, nearest(operator, OPERATORS[fact.type]))
            return _STAND_IN
        if operator == "between":
            return self._between(fact, operand)
        if operator == "size":
            return self._size(fact, operand)
        if operator in AGES:
            return Compare(fact.name, AGES[operator], self._reader.span(operand, "dw").days)
        condition = self._list(fact, operator, operand) if operator in LISTS else self._ordered(fact, operator, operand)
        return Not(condition) if operator in _NEGATED else condition

    def _is_known(self, fact: Fact, operand: Node) -> Condition:
        if isinstance(operand, Scalar) and operand.kind == "boolean" and operand.text in {"true", "false"}:
            return IsKnown(fact.name) if operand.text == "true" else Not(IsKnown(fact.name))
        self._findings.add(operand.place, "wrong_type", "is_known is true or false")
        return _STAND_IN

    def _ordered(self, fact: Fact, operator: str, operand: Node) -> Condition:
        if isinstance(operand, Entries):
            other = self._other(fact, operand)
            return Compare(fact.name, ORDER[operator], other) if other else _STAND_IN
        literal = read_literal(fact, operand, self._findings)
        return _STAND_IN if literal is None else Compare(fact.name, ORDER[operator], literal)

    def _other(self, fact: Fact, operand: Entries) -> OtherFact | None:
        parts = self._reader.fields(operand, operand.place, ("fact",), ("times",))
        name = parts.get("fact")
        other = self._fact(name) if isinstance(name, Scalar) else None
        if other is None:
            return None
        if other.type != fact.type or fact.type not in ORDERED_TYPES:
            message = f"{fact.name} ({fact.type}) cannot be compared with {other.name} ({other.type})"
            self._findings.add(operand.place, "different_types", message)
            return None
        times = parts.get("times")
        if times is None:
            return OtherFact(other.name)
        if fact.type == "date":
            self._findings.add(times.place, "different_types", "dates cannot be multiplied")
            return None
        factor = read_decimal(times, DECIMALS, self._findings)
        if factor is not None and not 0 < factor <= LARGEST_FACTOR:
            self._findings.add(times.place, "too_large", f"times is more than 0 and at most {LARGEST_FACTOR}")
            return None
        return None if factor is None else OtherFact(other.name, Fraction(factor))

    def _between(self, fact: Fact, operand: Node, of: Literal["value", "size"] = "value") -> Condition:
        ends = self._reader.items(operand)
        if isinstance(operand, Items) and len(ends) != 2:  # noqa: PLR2004 - low and high
            self._findings.add(operand.place, "wrong_shape", "between needs [low, high]")
            return _STAND_IN
        literals = [read_literal(fact, end, self._findings) for end in ends]
        if not literals or None in literals:
            return _STAND_IN
        low, high = literals
        if low > high:  # type: ignore[operator]  # both were read for one fact of an ordered type
            self._findings.add(operand.place, "empty_span", f"between: {ends[0].text} is above {ends[1].text}")  # type: ignore[union-attr]  # literals are scalars
        return All((Compare(fact.name, "at_least", low, of=of), Compare(fact.name, "at_most", high, of=of)))  # type: ignore[arg-type]  # not None, see above

    def _list(self, fact: Fact, operator: str, operand: Node) -> Condition:
        items = self._reader.items(operand)
        if isinstance(operand, Items) and not items:
            self._findings.add(operand.place, "empty_list", f"{operator} needs at least one value")
        if len(items) > MOST_VALUES:
            message = f"{len(items)} values; a rule lists at most {MOST_VALUES}: make it a fact"
            self._findings.add(operand.place, "too_many_values", message)
            return _STAND_IN
        found = [read_literal(fact, item, self._findings) for item in items]
        values: tuple[Written, ...] = tuple(dict.fromkeys(one for one in found if one is not None))
        return Compare(fact.name, LISTS[operator], values)

    def _size(self, fact: Fact, operand: Node) -> Condition:
        tests = (
            operand.entries if isinstance(operand, Entries) else ((Scalar(operand.place, "text", "equals"), operand),)
        )
        if not tests:
            self._findings.add(operand.place, "empty_group", f"the size of {fact.name} is compared with nothing")
        return _all([self._size_test(fact, name, value) for name, value in tests])

    def _size_test(self, fact: Fact, name: Scalar, value: Node) -> Condition:
        if name.text not in SIZES:
            message = f"the size of {fact.name} knows {', '.join(SIZES)}"
            self._findings.add(name.place, "unknown_operator", message, nearest(name.text, SIZES))
            return _STAND_IN
        size = replace(_SIZE, name=fact.name)
        if name.text == "between":
            return self._between(size, value, of="size")
        literal = read_literal(size, value, self._findings)
        if literal is None:
            return _STAND_IN
        test = Compare(fact.name, ORDER[name.text], literal, of="size")
        return Not(test) if name.text in _NEGATED else test


def _all(parts: list[Condition]) -> Condition:
    if not parts:
        return _STAND_IN
    return parts[0] if len(parts) == 1 else All(tuple(parts))


def _listed(fact: Fact) -> str:
    return ", ".join([*OPERATORS[fact.type], "is_known"])
