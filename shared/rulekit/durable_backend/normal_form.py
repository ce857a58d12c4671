"""Conditions without negation and without unknown: conjunctions of tests, any of which makes the condition true.

A condition is asked one of four questions: is it true, is it false, is it not true, is it not false. Negation turns
one question into another on its way to the leaves, so only leaves are ever negated; a leaf that may also be unknown
becomes "the test holds, or the fact is not known".
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from shared.rulekit.durable_backend.fields import Field, FieldTable, literal_of
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact, SegmentRule
from shared.rulekit.model import Scalar as Literal_

Relation = Literal["$eq", "$neq", "$lt", "$lte", "$gt", "$gte"]
RELATIONS: Mapping[Relation, Callable[[int, int], bool]] = {
    "$eq": operator.eq,
    "$neq": operator.ne,
    "$lt": operator.lt,
    "$lte": operator.le,
    "$gt": operator.gt,
    "$gte": operator.ge,
}
_OPPOSITE: Mapping[Relation, Relation] = {
    "$eq": "$neq",
    "$neq": "$eq",
    "$lt": "$gte",
    "$gte": "$lt",
    "$gt": "$lte",
    "$lte": "$gt",
}
_RELATION_OF: Mapping[str, Relation] = {
    "equals": "$eq",
    "at_least": "$gte",
    "more_than": "$gt",
    "at_most": "$lte",
    "less_than": "$lt",
}


@dataclass(frozen=True, slots=True, order=True)
class Test:
    """A field, by name, against a whole number; false when the field is left out."""

    __test__ = False  # not a test case for pytest to collect

    field: str
    relation: Relation
    number: int


@dataclass(frozen=True, slots=True)
class And:
    """All parts hold."""

    parts: tuple["Positive", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Some part holds."""

    parts: tuple["Positive", ...]


Positive = And | Or | Test | bool


@dataclass(frozen=True, slots=True)
class Question:
    """Which truth is asked for, and whether unknown counts as it."""

    truth: bool
    or_unknown: bool = False

    def negated(self) -> "Question":
        """Return what to ask of a part so that its negation answers this."""
        return Question(not self.truth, self.or_unknown)


IS_TRUE = Question(truth=True)
_IS_NOT_TRUE = Question(truth=False, or_unknown=True)


class Normaliser:
    """Turns conditions into positive trees over one field table."""

    def __init__(self, table: FieldTable) -> None:
        self._table = table
        self._book = table.book

    def ask(self, condition: Condition, question: Question = IS_TRUE) -> Positive:
        """Return the positive tree that holds exactly when the condition answers the question with yes."""
        match condition:
            case Constant(value):
                return question.or_unknown if value is None else value == question.truth
            case All(parts) | Any(parts):
                asked = tuple(self.ask(part, question) for part in parts)
                return And(asked) if isinstance(condition, All) == question.truth else Or(asked)
            case Not(part):
                return self.ask(part, question.negated())
            case IsKnown(fact):
                return self._known(fact, known=question.truth)
            case InSegment(segment):
                return self._in_segment(segment, question)
            case Compare():
                return self._leaf(condition, question)

    def _known(self, fact: str, *, known: bool) -> Test:
        return Test(self._table.name(Field("known", fact)), "$eq", int(known))

    def _in_segment(self, segment: str, question: Question) -> Positive:
        rule = self._book.segment(segment)
        ids = self._book.classes[rule.classifies] if rule.classifies is not None else ()
        earlier = [self._book.segments[one] for one in ids[: ids.index(segment)]] if ids else []
        own = self.ask(rule.when, question)
        if question.truth:
            return And((self._in_force(rule, yes=True), *(self._beaten(one, yes=False) for one in earlier), own))
        return Or((self._in_force(rule, yes=False), *(self._beaten(one, yes=True) for one in earlier), own))

    def _beaten(self, earlier: SegmentRule, *, yes: bool) -> Positive:
        """Ask whether an earlier segment of the class holds, or does not: here unknown counts as not."""
        if yes:
            return And((self._in_force(earlier, yes=True), self.ask(earlier.when, IS_TRUE)))
        return Or((self._in_force(earlier, yes=False), self.ask(earlier.when, _IS_NOT_TRUE)))

    def _in_force(self, rule: SegmentRule, *, yes: bool) -> Positive:
        if rule.valid_for.start is None and rule.valid_for.end is None:
            return yes
        return Test(self._table.name(Field("in_force", rule.id)), "$eq", int(yes))

    def _leaf(self, condition: Compare, question: Question) -> Positive:
        test = self._test(condition)
        held: Positive = test if question.truth else _opposite(test)
        if not question.or_unknown:
            return held
        facts = [condition.fact]
        if isinstance(condition.operand, OtherFact):
            facts.append(condition.operand.fact)
        return Or((held, *(self._known(fact, known=False) for fact in facts)))

    def _test(self, condition: Compare) -> Positive:  # noqa: PLR0911 - one answer for each operator
        fact, operand, word = condition.fact, condition.operand, condition.operator
        if isinstance(operand, OtherFact):
            sign = Field("sign", fact, other=operand.fact, times=operand.times)
            return Test(self._table.name(sign), _RELATION_OF[word], 0)
        if isinstance(operand, tuple):
            return self._list_test(fact, word, operand)
        if word == "older_than":
            return Test(self._table.name(Field("age", fact)), "$gt", _days(operand))
        if word == "within":
            age = self._table.name(Field("age", fact))
            return And((Test(age, "$gte", 0), Test(age, "$lte", _days(operand))))
        if condition.of == "size":
            return Test(self._table.name(Field("size", fact)), _RELATION_OF[word], _days(operand))
        if isinstance(operand, str):
            return Test(self._table.name(Field("code", fact)), "$eq", self._table.code(fact, operand))
        number = literal_of(self._book.vocabulary[fact], operand)
        return Test(self._table.name(Field("value", fact)), _RELATION_OF[word], number)

    def _list_test(self, fact: str, word: str, values: tuple[Literal_, ...]) -> Test:
        match word:
            case "one_of":
                wanted = Field("one_of", fact, values)
            case "contains_any":
                wanted = Field("overlaps", fact, values)
            case _:
                wanted = Field("includes", fact, values)
        return Test(self._table.name(wanted), "$eq", 1)


def _opposite(test: Positive) -> Positive:
    match test:
        case Test(field, relation, number):
            return Test(field, _OPPOSITE[relation], number)
        case And(parts):
            return Or(tuple(_opposite(part) for part in parts))
        case Or(parts):
            return And(tuple(_opposite(part) for part in parts))
        case _:
            return not test


def _days(operand: object) -> int:
    if isinstance(operand, (bool, date)) or not isinstance(operand, int):
        msg = f"{operand!r} is not a whole number"
        raise TypeError(msg)
    return operand
