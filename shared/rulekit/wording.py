"""Conditions and facts in words, Chinese and English: what a test says, and what the subscriber's value is."""

from collections.abc import Collection
from datetime import date
from typing import Final

from shared.kernel.text import Text
from shared.rulekit.facts import FactValue, known_value
from shared.rulekit.model import Compare, IsKnown, OtherFact
from shared.rulekit.reference import fact_in_words
from shared.rulekit.vocabulary import Fact, Vocabulary

_SAYS: Final = {
    "equals": Text("是", "is"),
    "at_least": Text("不低于", "at least"),
    "more_than": Text("高于", "more than"),
    "at_most": Text("不高于", "at most"),
    "less_than": Text("低于", "less than"),
    "one_of": Text("属于", "is one of"),
    "contains_any": Text("含有任一", "has any of"),
    "contains_all": Text("含有全部", "has all of"),
}
_DENIES: Final = {
    "equals": Text("不是", "is not"),
    "one_of": Text("不属于", "is none of"),
    "contains_any": Text("不含", "has none of"),
}
_DATES: Final = {
    "more_than": Text("晚于", "after"),
    "less_than": Text("早于", "before"),
    "at_least": Text("不早于", "on or after"),
    "at_most": Text("不晚于", "on or before"),
}
_AGES: Final = {
    "older_than": Text("早于{days}天前", "more than {days} days ago"),
    "within": Text("在最近{days}天内", "within the last {days} days"),
}


def value_words(fact: Fact, value: FactValue) -> Text:
    """Return a subscriber's value in words, with the unit where it is money; unknown is said too."""
    known = known_value(fact, value)
    words = fact_in_words(fact, known)
    if known is not None and fact.type == "money":
        return Text(f"{words.zh}元", f"{words.en} yuan")
    return words


def words_of_test(test: Compare | IsKnown, vocabulary: Vocabulary, *, is_denied: bool = False) -> Text | None:
    """Return what a test says of its fact; None for a denial that has no words of its own."""
    fact = vocabulary[test.fact]
    zh, en = fact.label.zh, fact.label.en
    if isinstance(test, IsKnown):
        return Text(f"{zh}未知", f"{en} is not known") if is_denied else Text(f"{zh}已知", f"{en} is known")
    if is_denied and test.operator not in _DENIES:
        return None
    if test.of == "size":
        zh, en = f"{zh}的个数", f"number of {en.lower()}"
    if test.operator in _AGES:
        said = _AGES[test.operator].fill(days=test.operand)
        return Text(f"{zh}{said.zh}", f"{en} {said.en}")
    says = _DENIES[test.operator] if is_denied else _SAYS[test.operator]
    if fact.type == "date":
        says = _DATES.get(test.operator, says)
    operand = _operand_words(test, fact, vocabulary)
    if fact.type == "boolean" and not is_denied:
        return Text(f"{zh}：{operand.zh}", f"{en}: {operand.en}")
    if test.operator == "equals":
        return Text(f"{zh}{says.zh}：{operand.zh}", f"{en} {says.en} {operand.en}")
    return Text(f"{zh}{says.zh}{operand.zh}", f"{en} {says.en} {operand.en}")


def _operand_words(test: Compare, fact: Fact, vocabulary: Vocabulary) -> Text:
    operand = test.operand
    if isinstance(operand, OtherFact):
        other = vocabulary[operand.fact].label
        times = "" if operand.times == 1 else f"{float(operand.times):g} × "
        return Text(f"{times}{other.zh}", f"{times}{other.en}")
    if test.of == "size":
        return Text(str(operand), str(operand))
    if isinstance(operand, tuple):
        words = [_one(fact, value) for value in operand]
        return Text("、".join(one.zh for one in words), ", ".join(one.en for one in words))
    return _one(fact, operand)


def _one(fact: Fact, value: float | bool | str | date | Collection[str]) -> Text:
    if fact.type == "set":
        return fact.values[str(value)]
    return value_words(fact, value)
