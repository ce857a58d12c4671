"""Conditions as formulas of two-valued logic over the values that each fact may have, unknown being one more value.

That a condition is *true* and that it is *false* are two formulas; where neither holds it is unknown. So three-valued
logic needs nothing special: "holds for everybody" is "the negation of *true* is impossible".
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import cast

from shared.rulekit.analysis.formula_tree import UNKNOWN, Every, Formula, Member, Relation, Size, Some, Within
from shared.rulekit.analysis.spans import NOTHING, Spans, common, joined, points, span, without
from shared.rulekit.facts import scaled
from shared.rulekit.model import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    InSegment,
    IsKnown,
    Not,
    OtherFact,
    RuleBook,
    SegmentRule,
    ValidFor,
)
from shared.rulekit.vocabulary import LARGEST_INTEGER, Fact, Vocabulary

_NULL = points([UNKNOWN])
_LESS, _SAME, _MORE = 0, 1, 2
_TEXTS = 10**9  # as many different texts as anybody will compare with
_MIRRORED = {"at_least": "at_most", "at_most": "at_least", "more_than": "less_than", "less_than": "more_than"}
_RELATIONS = {
    "equals": points([_SAME]),
    "at_least": span(_SAME, _MORE),
    "more_than": points([_MORE]),
    "at_most": span(_LESS, _SAME),
    "less_than": points([_LESS]),
}


@dataclass(slots=True, eq=False)
class Translator:
    """Translates conditions of one book as of a day; `universe` tells which values a variable may have at all."""

    book: RuleBook
    on: date
    universe: dict[Hashable, Spans] = field(default_factory=dict)
    _texts: dict[str, int] = field(default_factory=dict)
    _segments: dict[tuple[str, bool], Formula] = field(default_factory=dict)
    _negations: dict[int, tuple[Formula, Formula]] = field(default_factory=dict)
    _translated: dict[tuple[int, bool], tuple[Condition, Formula]] = field(default_factory=dict)

    def is_true(self, condition: Condition, vocabulary: Vocabulary | None = None) -> Formula:
        """Return when the condition is true; `vocabulary` is another one than the book's, for attributes of events."""
        return self._formula(condition, vocabulary or self.book.vocabulary, truth=True)

    def is_false(self, condition: Condition, vocabulary: Vocabulary | None = None) -> Formula:
        """Return when the condition is false."""
        return self._formula(condition, vocabulary or self.book.vocabulary, truth=False)

    def negation(self, formula: Formula) -> Formula:
        """Return when the formula does not hold."""
        if isinstance(formula, Within):
            return Within(formula.variable, without(self.universe[formula.variable], formula.allowed))
        kept = self._negations.get(id(formula))
        if kept is None:
            parts = tuple(self.negation(part) for part in formula.parts)
            # The formula is kept with its negation: an id is only good for as long as its object lives.
            kept = (formula, Some(parts) if isinstance(formula, Every) else Every(parts))
            self._negations[id(formula)] = kept
        return kept[1]

    def _formula(self, condition: Condition, words: Vocabulary, *, truth: bool) -> Formula:
        """Return the formula of a condition, translated once: with it its negation is kept, too."""
        kept = self._translated.get((id(condition), truth))
        if kept is None:
            kept = self._translated[id(condition), truth] = condition, self._translate(condition, words, truth=truth)
        return kept[1]

    def _translate(self, condition: Condition, words: Vocabulary, *, truth: bool) -> Formula:
        match condition:
            case Constant(value):
                return Every(()) if value is truth else Some(())
            case All(parts) | Any(parts):
                found = tuple(self._formula(part, words, truth=truth) for part in parts)
                return Every(found) if isinstance(condition, All) is truth else Some(found)
            case Not(part):
                return self._formula(part, words, truth=not truth)
            case IsKnown(fact):
                return Within(fact, self._known(words[fact]) if truth else self._null(words[fact]))
            case InSegment(segment):
                return self._in_segment(segment, truth=truth)
            case Compare():
                return self._compare(condition, words[condition.fact], words, truth=truth)

    def _in_segment(self, segment: str, *, truth: bool) -> Formula:
        if (segment, truth) not in self._segments:
            rule = self.book.segments.get(segment)
            self._segments[segment, truth] = (
                self._stranger(segment, truth=truth) if rule is None else self._member(rule, truth=truth)
            )
        return self._segments[segment, truth]

    def _stranger(self, segment: str, *, truth: bool) -> Formula:
        """Stand for a segment that cannot be read: nothing is known of it."""
        variable = ("segment", segment)
        self.universe[variable] = span(0, 2)
        return Within(variable, points([int(truth)]))

    def _member(self, rule: SegmentRule, *, truth: bool) -> Formula:
        """Return when a subscriber is in the segment, or is not: it is in force, no rival holds, its condition does."""
        certain = {one.id for one in rivals_of(rule, self.book)}
        before = [self.book.segments[one] for one in _before(rule, self.book)]
        rivals = [
            self.is_true(one.when) if one.id in certain else Every((*self._in_force(one), self.is_true(one.when)))
            for one in before
        ]
        in_force = self._in_force(rule)
        own = self._formula(rule.when, self.book.vocabulary, truth=truth)
        if truth:
            return Every((*in_force, *(self.negation(one) for one in rivals), own))
        return Some((*(self.negation(one) for one in in_force), *rivals, own))

    def _in_force(self, rule: SegmentRule) -> tuple[Formula, ...]:
        """Return what stands for the days on which a rule is in force, which pass; nothing for one that always is."""
        if rule.valid_for == ValidFor():
            return ()
        variable = ("in force", rule.id)
        self.universe[variable] = span(0, 1)
        return (Within(variable, points([1])),)

    def _compare(self, test: Compare, fact: Fact, words: Vocabulary, *, truth: bool) -> Formula:
        if isinstance(test.operand, OtherFact):
            return self._relation(test, test.operand, words, truth=truth)
        if fact.type == "set":
            return Every((Within(fact.name, self._known(fact)), self._of_set(test, fact, truth=truth)))
        known = self._known(fact)
        values = common(known, self._values(test, fact))
        return Within(fact.name, values if truth else without(known, values))

    def _relation(self, test: Compare, operand: OtherFact, words: Vocabulary, *, truth: bool) -> Formula:
        one, other, times, word = test.fact, operand.fact, operand.times, str(test.operator)
        if other < one:
            one, other, times, word = other, one, 1 / times, _MIRRORED.get(word, word)
        variable = Relation(one, other, times)
        whole = points([_SAME]) if one == other and times == 1 else span(_LESS, _MORE)
        self.universe[variable] = whole
        allowed = common(whole, _RELATIONS[word])
        return Every(
            (
                Within(one, self._known(words[one])),
                Within(other, self._known(words[other])),
                Within(variable, allowed if truth else without(whole, allowed)),
            )
        )

    def _of_set(self, test: Compare, fact: Fact, *, truth: bool) -> Formula:
        if test.of == "size":
            variable = Size(fact.name, len(fact.values))
            whole = self.universe.setdefault(variable, span(0, len(fact.values)))
            allowed = common(whole, _ordered(test.operator, cast(int, test.operand)))
            return Within(variable, allowed if truth else without(whole, allowed))
        members = tuple(self._holds(fact, str(value), truth=truth) for value in cast(tuple[str, ...], test.operand))
        return Some(members) if (test.operator == "contains_any") is truth else Every(members)

    def _holds(self, fact: Fact, value: str, *, truth: bool) -> Formula:
        variable = Member(fact.name, value)
        self.universe[variable] = span(0, 1)
        return Within(variable, points([int(truth)]))

    def _values(self, test: Compare, fact: Fact) -> Spans:
        match test.operator:
            case "older_than":
                return span(-LARGEST_INTEGER, self.on.toordinal() - cast(int, test.operand) - 1)
            case "within":
                today = self.on.toordinal()
                return span(today - cast(int, test.operand), today)
            case "one_of":
                return points(self._figure(fact, value) for value in cast(tuple[object, ...], test.operand))
            case word:
                return _ordered(word, self._figure(fact, test.operand))

    def _figure(self, fact: Fact, value: object) -> int:
        match value:
            case bool():
                return int(value)
            case int():
                return value * 10_000 if fact.type == "number" else value
            case float():
                return scaled(value)
            case date():
                return value.toordinal()
            case _ if fact.type == "enum":
                return list(fact.values).index(str(value))
            case _:
                return self._texts.setdefault(str(value), len(self._texts))

    def _known(self, fact: Fact) -> Spans:
        return without(self._universe(fact), _NULL)

    def _null(self, fact: Fact) -> Spans:
        self._universe(fact)
        return _NULL

    def _universe(self, fact: Fact) -> Spans:
        if fact.name not in self.universe:
            self.universe[fact.name] = joined([*_NULL, *_range(fact)])
        return self.universe[fact.name]


def rivals_of(rule: SegmentRule, book: RuleBook) -> Iterable[SegmentRule]:
    """Return the segments before this one in its classification that are in force whenever it is."""
    earlier = (book.segments[one] for one in _before(rule, book))
    start, end = rule.valid_for.start or date.min, rule.valid_for.end or date.max
    return [one for one in earlier if one.valid_for.covers(start) and one.valid_for.covers(end)]


def _before(rule: SegmentRule, book: RuleBook) -> list[str]:
    ids = book.classes.get(rule.classifies or "", ())
    return [one for one in ids[: ids.index(rule.id)] if one in book.segments] if rule.id in ids else []


def _range(fact: Fact) -> Spans:
    match fact.type:
        case "boolean":
            return span(0, 1)
        case "enum":
            return span(0, len(fact.values) - 1)
        case "set":
            return span(0, 0)
        case "date":
            return span(date.min.toordinal(), date.max.toordinal())
        case "text":
            return span(0, _TEXTS)
        case _:
            return span(-LARGEST_INTEGER, LARGEST_INTEGER)


def _ordered(word: str, figure: int) -> Spans:
    most = LARGEST_INTEGER + 1
    return {
        "equals": span(figure, figure),
        "at_least": span(figure, most),
        "more_than": span(figure + 1, most),
        "at_most": span(-most, figure),
        "less_than": span(-most, figure - 1),
    }.get(word, NOTHING)
