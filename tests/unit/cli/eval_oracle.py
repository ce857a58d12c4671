"""The meaning of a condition, written from docs/rules.md and from nothing else, and random rules and facts to judge.

Conditions are the plain values of a rule file, facts the plain values of a line. Nothing of the product is imported:
what this module and `banyan rules eval` both say is said twice.
"""

import random
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

ON = date(2024, 2, 29)
VOCABULARY = """
facts:
  age: {type: integer, owner: tests, column: age, zh: 年龄, en: Age}
  tenure: {type: integer, owner: tests, column: tenure, zh: 网龄, en: Tenure}
  used: {type: number, owner: tests, column: used, zh: 流量, en: Used}
  quota: {type: number, owner: tests, column: quota, zh: 额度, en: Quota}
  spend: {type: money, owner: tests, column: spend, zh: 消费, en: Spend}
  average: {type: money, owner: tests, column: average, zh: 平均, en: Average}
  arrears: {type: boolean, owner: tests, column: arrears, zh: 欠费, en: Arrears}
  handset: {type: text, owner: tests, column: handset, zh: 终端, en: Handset}
  brand:
    {type: enum, owner: tests, column: brand, zh: 品牌, en: Brand, values: {gotone: 全球通, mzone: 动感, none: 无}}
  products:
    {type: set, owner: tests, column: products, zh: 产品, en: Products, values: {crbt: 彩铃, crbt_box: 盒, mms: 彩信}}
  joined: {type: date, owner: tests, column: joined, zh: 入网, en: Joined}
  renewed: {type: date, owner: tests, column: renewed, zh: 续约, en: Renewed}
"""
INTEGERS = (-(10**12), -1, 0, 1, 2, 3, 10**12)
NUMBERS = (-100_000_000, -0.1, 0, 0.1, 0.3, 0.8, 1, 2.4, 2.4001, 3, 99_999_999.9999)
YUAN = (-0.01, 0, 0.01, 19.9, 19.99, 20, 10_000_000_000)
TEXTS = ("", " ", "诺基亚 N73", "é", "e\u0301", "A", "a", "%", "_", "'", '"', "\\", "a,b", "🀄", "null", "1")
BRANDS = ("gotone", "mzone", "none")
PRODUCTS = ("crbt", "crbt_box", "mms")
_NEAR = (-366, -31, -30, -29, -8, -7, -1, 0, 1, 366)
_FAR = ("0001-01-01", "9999-12-31", "2023-12-31", "2024-01-31")
DATES = (*((ON + timedelta(days=days)).isoformat() for days in _NEAR), *_FAR)
VALUES: Mapping[str, tuple[Any, ...]] = {
    "age": INTEGERS,
    "tenure": INTEGERS,
    "used": NUMBERS,
    "quota": NUMBERS,
    "spend": YUAN,
    "average": YUAN,
    "arrears": (True, False),
    "handset": TEXTS,
    "brand": BRANDS,
    "joined": DATES,
    "renewed": DATES,
}
ORDERED = {"age": "tenure", "used": "quota", "spend": "average", "joined": "renewed"}
_ORDER: Mapping[str, Callable[[Any, Any], bool]] = {
    "equals": lambda left, right: left == right,
    "not_equals": lambda left, right: left != right,
    "at_least": lambda left, right: left >= right,
    "more_than": lambda left, right: left > right,
    "at_most": lambda left, right: left <= right,
    "less_than": lambda left, right: left < right,
    "after": lambda left, right: left > right,
    "before": lambda left, right: left < right,
}


def truth(condition: Mapping[str, Any], facts: Mapping[str, Any], on: date) -> bool | None:
    """Return whether a condition is true, false or unknown; several entries mean all of them."""
    return both([_entry(name, said, facts, on) for name, said in condition.items()])


def both(parts: list[bool | None]) -> bool | None:
    """Return false if any is false, else unknown if any is unknown."""
    return False if False in parts else None if None in parts else True


def opposite(part: bool | None) -> bool | None:
    """Return the negation; that of unknown is unknown."""
    return None if part is None else not part


def _entry(name: str, said: Any, facts: Mapping[str, Any], on: date) -> bool | None:
    if name == "all":
        return both([truth(part, facts, on) for part in said])
    if name == "any":
        return opposite(both([opposite(truth(part, facts, on)) for part in said]))
    if name == "not":
        return opposite(truth(said, facts, on))
    tests = said if isinstance(said, dict) else {"equals": said}
    return both([_test(facts.get(name), operator, operand, facts, on) for operator, operand in tests.items()])


def _test(value: Any, operator: str, operand: Any, facts: Mapping[str, Any], on: date) -> bool | None:
    if operator == "is_known":
        return (value is not None) == operand
    if value is None:
        return None
    if operator == "size":
        tests = operand if isinstance(operand, dict) else {"equals": operand}
        return all(
            number[0] <= len(set(value)) <= number[1] if word == "between" else _ORDER[word](len(set(value)), number)
            for word, number in tests.items()
        )
    if operator in _ORDER and isinstance(operand, dict):
        other = facts.get(operand["fact"])
        right = None if other is None else exact(other)
        times = Fraction(str(operand.get("times", 1)))
        if right is None:
            return None
        return _ORDER[operator](exact(value), right * times if isinstance(right, Fraction) else right)
    return _plain(value, operator, operand, on)


def _plain(value: Any, operator: str, operand: Any, on: date) -> bool:  # noqa: PLR0911 - one answer for each operator
    match operator:
        case "between":
            return exact(operand[0]) <= exact(value) <= exact(operand[1])
        case "one_of":
            return exact(value) in [exact(one) for one in operand]
        case "none_of":
            return exact(value) not in [exact(one) for one in operand]
        case "contains_any":
            return bool(set(value) & set(operand))
        case "contains_all":
            return set(operand) <= set(value)
        case "contains_none":
            return not set(value) & set(operand)
        case "older_than":
            return date.fromisoformat(value) < on - _span(operand)
        case "within":
            return on - _span(operand) <= date.fromisoformat(value) <= on
        case _:
            return _ORDER[operator](exact(value), exact(operand))


def exact(value: Any) -> Any:
    """Return numbers as fractions of what is written; dates compare as the texts they are."""
    return Fraction(str(value)) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _span(written: str) -> timedelta:
    return timedelta(days=int(written[:-1]) * {"d": 1, "w": 7}[written[-1]])


def some_facts(chance: random.Random) -> dict[str, Any]:
    """Return a subscriber: each fact known, null, or left out."""
    facts: dict[str, Any] = {}
    for name, values in VALUES.items():
        fate = chance.random()
        if fate < 0.75:
            facts[name] = chance.choice(values)
        elif fate < 0.85:
            facts[name] = None
    if chance.random() < 0.85:
        facts["products"] = chance.sample(PRODUCTS, chance.randint(0, 3))
    return facts


def some_condition(chance: random.Random, depth: int = 3) -> dict[str, Any]:
    """Return a condition as a rule file writes it."""
    if depth and chance.random() < 0.6:
        word = chance.choice(["all", "any", "not"])
        if word == "not":
            return {"not": some_condition(chance, depth - 1)}
        return {word: [some_condition(chance, depth - 1) for _ in range(chance.randint(1, 4))]}
    names = chance.sample([*VALUES, "products"], chance.choice([1, 1, 1, 2]))
    return {name: _some_test(name, chance) for name in names}


def _some_test(name: str, chance: random.Random) -> Any:
    if chance.random() < 0.1:
        return {"is_known": chance.random() < 0.5}
    if name == "products":
        return _some_set_test(chance)
    values = VALUES[name]
    if name == "arrears" or chance.random() < 0.2:
        return chance.choice(values)
    if name in {"handset", "brand"}:
        word = chance.choice(["equals", "not_equals", "one_of", "none_of"])
        return {word: _some(values, chance) if word.endswith("of") else chance.choice(values)}
    return _some_ordered_test(name, values, chance)


def _some_ordered_test(name: str, values: tuple[Any, ...], chance: random.Random) -> Any:
    word = chance.choice([*list(_ORDER)[:6], "between", "one_of", "none_of", "pair"])
    if name in {"joined", "renewed"} and chance.random() < 0.5:
        word = chance.choice(["before", "after", "older_than", "within"])
        return {
            word: chance.choice(["1d", "7d", "1w", "29d", "30d", "31d"]) if word[0] in "ow" else chance.choice(values)
        }
    if word == "between":
        return {word: sorted([chance.choice(values), chance.choice(values)])}
    if word in {"one_of", "none_of"}:
        return {word: _some(values, chance)}
    if word == "pair":
        return {
            chance.choice(["at_least", "more_than"]): values[0],
            chance.choice(["at_most", "less_than"]): values[-1],
        }
    if name in ORDERED and chance.random() < 0.4:
        other: dict[str, Any] = {"fact": ORDERED[name]}
        if name != "joined" and chance.random() < 0.7:
            other["times"] = chance.choice([0.0001, 0.1, 0.8, 3, 8, 99.9999, 100])
        return {word: other}
    return {word: chance.choice(values)}


def _some_set_test(chance: random.Random) -> Any:
    if chance.random() < 0.3:
        return {"size": chance.choice([0, 2, {"at_least": 1}, {"between": [1, 2]}])}
    return {chance.choice(["contains_any", "contains_all", "contains_none"]): _some(PRODUCTS, chance)}


def _some(values: tuple[Any, ...], chance: random.Random) -> list[Any]:
    return chance.sample(values, chance.randint(1, 3))
