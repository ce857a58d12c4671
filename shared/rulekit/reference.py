"""The reference executor: what every operator means, in three-valued logic, and the words of an explanation."""

from collections.abc import Iterable
from datetime import date, timedelta

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
    SegmentRule,
)
from shared.rulekit.vocabulary import Fact

_UNKNOWN = Text("未知", "unknown")
_YES, _NO = Text("是", "yes"), Text("否", "no")


def evaluate(condition: Condition, facts: Facts, *, book: RuleBook, on: date) -> bool | None:
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
    words = {fact.name: _in_words(fact, known_value(fact, facts.get(fact.name))) for fact in book.vocabulary}
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


def _compare(condition: Compare, facts: Facts, book: RuleBook, on: date) -> bool | None:
    fact = book.vocabulary[condition.fact]
    value = known_value(fact, facts.get(fact.name))
    operand = condition.operand
    if isinstance(operand, OtherFact):
        other = known_value(book.vocabulary[operand.fact], facts.get(operand.fact))
        if value is None or other is None:
            return None
        if operand.times == 1:
            return _ordered(condition.operator, value, other)
        return _ordered(
            condition.operator, _whole(value) * operand.times.denominator, _whole(other) * operand.times.numerator
        )
    if value is None:
        return None
    if isinstance(value, frozenset):
        if condition.of == "size":
            return _ordered(condition.operator, len(value), operand)
        return not value.isdisjoint(operand) if condition.operator == "contains_any" else value.issuperset(operand)
    if condition.operator in {"older_than", "within"}:
        limit = on - timedelta(days=operand)
        return value < limit if condition.operator == "older_than" else limit <= value <= on
    return _ordered(condition.operator, value, operand)


def _whole(value: KnownValue) -> int:
    """Numbers are compared as ten-thousandths so that 0.8 × 3 is 2.4 exactly."""
    return scaled(value) if isinstance(value, float) else value


def _ordered(operator: str, left: KnownValue, right: object) -> bool:
    match operator:
        case "equals":
            return left == right
        case "at_least":
            return left >= right
        case "more_than":
            return left > right
        case "at_most":
            return left <= right
        case "less_than":
            return left < right
        case _:
            return left in right


def _in_words(fact: Fact, value: KnownValue | None) -> Text:
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
