"""The reference executor: what every operator means, in three-valued logic, and the words of an explanation."""

import operator
from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any as Whatever
from typing import cast

from shared.kernel.text import Text
from shared.rulekit.facts import Facts, KnownValue, known_value, scaled
from shared.rulekit.model import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    EligibilityRule,
    InSegment,
    IsKnown,
    Not,
    OtherFact,
    Rule,
    RuleBook,
    Scalar,
    SegmentRule,
)
from shared.rulekit.vocabulary import Fact

_ORDER: Mapping[str, Callable[[Whatever, Whatever], bool]] = {
    "equals": operator.eq,
    "at_least": operator.ge,
    "more_than": operator.gt,
    "at_most": operator.le,
    "less_than": operator.lt,
}
_UNKNOWN = Text("未知", "unknown")
_YES, _NO = Text("是", "yes"), Text("否", "no")


def evaluate(condition: Condition, facts: Facts, *, book: RuleBook, on: date) -> bool | None:  # noqa: PLR0911 - one answer for each form
    """Return whether the condition is true, false or (None) unknown for these facts on the day of judgement.

    Raises InvalidFact for a value that is not what the vocabulary says.
    """
    match condition:
        case Constant(value):
            return value
        case All(parts):
            return _all(evaluate(part, facts, book=book, on=on) for part in parts)
        case Any(parts):
            return _not(_all(_not(evaluate(part, facts, book=book, on=on)) for part in parts))
        case Not(part):
            return _not(evaluate(part, facts, book=book, on=on))
        case IsKnown(fact):
            return known_value(book.vocabulary[fact], facts.get(fact)) is not None
        case InSegment(segment):
            return _in_segment(segment, facts, book, on)
        case Compare():
            return _compare(condition, facts, book, on)


def holds(rule: SegmentRule | EligibilityRule, facts: Facts, *, book: RuleBook, on: date) -> bool:
    """Tell whether a granting rule holds: in force that day, true, and for a segment first in its classification."""
    if isinstance(rule, SegmentRule):
        return evaluate(InSegment(rule.id), facts, book=book, on=on) is True
    return rule.valid_for.covers(on) and evaluate(rule.when, facts, book=book, on=on) is True


def explain(rule: Rule, facts: Facts, *, book: RuleBook) -> Text:
    """Return the rule's `because` with each `{fact}` replaced by the subscriber's value in words, per language."""
    named = rule.because.placeholders()
    of_facts = [book.vocabulary[name] for name in named if name in book.vocabulary]
    words = {fact.name: fact_in_words(fact, known_value(fact, facts.get(fact.name))) for fact in of_facts}
    zh = rule.because.fill(**{name: text.zh for name, text in words.items()}).zh
    return Text(zh, rule.because.fill(**{name: text.en for name, text in words.items()}).en)


def _not(value: bool | None) -> bool | None:
    return None if value is None else not value


def _all(values: Iterable[bool | None]) -> bool | None:
    result: bool | None = True
    for value in values:
        if value is False:
            return False
        if value is None:
            result = None
    return result


def _in_segment(segment: str, facts: Facts, book: RuleBook, on: date) -> bool | None:
    rule = book.segment(segment)
    if not rule.valid_for.covers(on):
        return False
    for earlier in book.segments_before(segment, on):
        if evaluate(earlier.when, facts, book=book, on=on) is True:
            return False
    return evaluate(rule.when, facts, book=book, on=on)


def _compare(condition: Compare, facts: Facts, book: RuleBook, on: date) -> bool | None:  # noqa: PLR0911 - one answer for each operator
    fact = book.vocabulary[condition.fact]
    value = known_value(fact, facts.get(fact.name))
    operand = condition.operand
    if isinstance(operand, OtherFact):
        other = known_value(book.vocabulary[operand.fact], facts.get(operand.fact))
        return (
            None if value is None or other is None else _compare_facts(condition.operator, value, other, operand.times)
        )
    if value is None:
        return None
    match condition.operator, value:
        case "older_than", date():
            return value < on - timedelta(days=_days(operand))
        case "within", date():
            return on - timedelta(days=_days(operand)) <= value <= on
        case "contains_any", frozenset():
            return not value.isdisjoint(_listed(operand))
        case "contains_all", frozenset():
            return value.issuperset(_listed(operand))
        case "one_of", _:
            return value in _listed(operand)
        case word, frozenset():
            return _ORDER[word](len(value), operand)
        case word, _:
            return _ORDER[word](value, operand)


def _compare_facts(word: str, value: KnownValue, other: KnownValue, times: Fraction) -> bool:
    if times == 1:
        return _ORDER[word](value, other)
    return _ORDER[word](_whole(value) * times.denominator, _whole(other) * times.numerator)


def _whole(value: KnownValue) -> int:
    """Numbers are compared as ten-thousandths so that 0.8 × 3 is 2.4 exactly."""
    return scaled(value) if isinstance(value, float) else cast(int, value)


def _days(operand: object) -> int:
    return cast(int, operand)


def _listed(operand: object) -> tuple[Scalar, ...]:
    return cast(tuple[Scalar, ...], operand)


def fact_in_words(fact: Fact, value: KnownValue | None) -> Text:  # noqa: PLR0911 - one answer for each type
    """Return a checked value in words: labels of enums and sets, money in yuan without its unit, None as unknown."""
    match value:
        case None:
            return _UNKNOWN
        case bool():
            return _YES if value else _NO
        case frozenset():
            labels = [fact.values[one] for one in sorted(value)]
            return Text("、".join(one.zh for one in labels) or "无", ", ".join(one.en for one in labels) or "none")
        case str() if fact.type == "enum":
            return fact.values[value]
        case int() if fact.type == "money":
            yuan, fen = divmod(abs(value), 100)
            figure = f"{'-' if value < 0 else ''}{yuan}" + (f".{fen:02d}" if fen else "")
            return Text(figure, figure)
        case float():
            figure = f"{value:.4f}".rstrip("0").rstrip(".")
            return Text(figure, figure)
        case _:
            return Text(str(value), str(value))
