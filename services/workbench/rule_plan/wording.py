"""Conditions and reasons of a plan in words, Chinese and English."""

from collections.abc import Iterable

from services.workbench.rule_plan.changes import Part
from shared.kernel.text import Text
from shared.rulekit.model import All, Any, Compare, Condition, Constant, InSegment, IsKnown, Not, OtherFact, RuleBook
from shared.rulekit.vocabulary import Fact

_SIGNS = {"equals": "=", "at_least": "≥", "more_than": ">", "at_most": "≤", "less_than": "<"}
_VERBS = {
    "one_of": Text("属于", "is one of"),
    "contains_any": Text("含任一", "has any of"),
    "contains_all": Text("含全部", "has all of"),
    "older_than": Text("早于（天前）", "is longer ago, in days, than"),
    "within": Text("在最近天数内", "is within the last days:"),
}
_YES, _NO = Text("是", "yes"), Text("否", "no")


def reason_of(part: Part, book: RuleBook) -> Text:
    """Say what did not hold for those a part left out."""
    match part.source:
        case "absent":
            return Text(f"{part.name} 不存在", f"there is no {part.name}")
        case "not_in_force":
            return Text(f"{part.name} 当日不生效", f"{part.name} is not in force that day")
        case "rival":
            return Text(f"先归入分群 {part.name}", f"is in segment {part.name} first")
        case "rule":
            rule = book.eligibility[part.name]
            if part.condition is None:
                return Text(f"{part.name} 当日不生效", f"{part.name} is not in force that day")
            shown = rule.because.fill(**dict.fromkeys(rule.because.placeholders(), "…"))
            return Text(f"不满足 {part.name}：{shown.zh}", f"{part.name} not met: {shown.en}")
        case "condition":
            said = Text("恒假", "never") if part.condition is None else in_words(part.condition, book)
            return Text(f"不满足：{said.zh}", f"not met: {said.en}")


def in_words(condition: Condition, book: RuleBook) -> Text:  # noqa: PLR0911 - one answer for each form
    """Say a condition in words, facts by their labels, money in yuan."""
    match condition:
        case Constant(value):
            return Text(str(value), str(value))
        case All(parts):
            return _joined((in_words(one, book) for one in parts), Text(" 且 ", " and "))
        case Any(parts):
            return _joined((in_words(one, book) for one in parts), Text(" 或 ", " or "))
        case Not(part):
            said = in_words(part, book)
            return Text(f"非（{said.zh}）", f"not ({said.en})")
        case IsKnown(fact):
            label = book.vocabulary[fact].label
            return Text(f"{label.zh}已知", f"{label.en} is known")
        case InSegment(segment):
            return Text(f"在分群 {segment} 中", f"in segment {segment}")
        case Compare():
            return _comparison(condition, book)


def _comparison(condition: Compare, book: RuleBook) -> Text:
    fact = book.vocabulary[condition.fact]
    label, verb, operand = fact.label, _VERBS.get(condition.operator), condition.operand
    if condition.of == "size":
        label = Text(f"{label.zh}个数", f"number of {label.en}")
    if isinstance(operand, OtherFact):
        other = book.vocabulary[operand.fact].label
        times = "" if operand.times == 1 else f"{float(operand.times):g} × "
        said = Text(times + other.zh, times + other.en)
    elif isinstance(operand, tuple):
        said = _joined((_literal(fact, one) for one in operand), Text("、", ", "))
    elif verb or condition.of == "size":
        said = Text(str(operand), str(operand))
    else:
        said = _literal(fact, operand)
    word = verb or Text(_SIGNS[condition.operator], _SIGNS[condition.operator])
    return Text(f"{label.zh} {word.zh} {said.zh}", f"{label.en} {word.en} {said.en}")


def _literal(fact: Fact, value: object) -> Text:
    if isinstance(value, bool):
        return _YES if value else _NO
    if fact.type == "money" and isinstance(value, int):
        return Text(f"{value / 100:g}元", f"{value / 100:g} yuan")
    if isinstance(value, str) and value in fact.values:
        return fact.values[value]
    return Text(str(value), str(value))


def _joined(texts: Iterable[Text], between: Text) -> Text:
    said = list(texts)
    return Text(between.zh.join(one.zh for one in said), between.en.join(one.en for one in said))
