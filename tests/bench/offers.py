"""Twenty offerings and more, over twenty-five facts: rules and subscribers to measure decisions with."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.kernel.text import Text
from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Compare, Condition, Not, RuleBook
from shared.rulekit.vocabulary import Fact, FactType, Vocabulary

ON = date(2026, 3, 2)
CODES = ("a", "b", "c", "d", "e", "f")
_TYPES: tuple[FactType, ...] = ("integer", "number", "boolean", "enum", "money")
_SETS = ("fact_23", "fact_24")
_FEWEST, _MOST = 3, 6
"""Conditions of an offering."""


@dataclass(frozen=True, slots=True)
class Offers:
    """What every side decides: one condition an offering, and subscribers of whom every fact is known."""

    book: RuleBook
    conditions: dict[str, Condition]
    subscribers: list[Facts]


def make_offers(offerings: int, subscribers: int, seed: int = 20) -> Offers:
    """Return so many offerings of three to six conditions each, and so many subscribers; by seed."""
    chance = random.Random(seed)
    facts = {name: _fact(name, at) for at, name in enumerate(f"fact_{number}" for number in range(25))}
    conditions: dict[str, Condition] = {}
    for number in range(offerings):
        chosen = chance.sample(sorted(facts), chance.randint(_FEWEST, _MOST))
        conditions[f"offer_{number}"] = All(tuple(_test(facts[name], chance) for name in chosen))
    people = [{name: _value(fact, chance) for name, fact in facts.items()} for _ in range(subscribers)]
    return Offers(RuleBook(Vocabulary(facts, "bench"), {}, {}, {}, {}, {}, "bench"), conditions, people)


def _fact(name: str, at: int) -> Fact:
    kind: FactType = "set" if name in _SETS else _TYPES[at % len(_TYPES)]
    values = {code: Text(code, code) for code in CODES} if kind in {"enum", "set"} else {}
    return Fact(name, kind, "bench", name, Text(name, name), values=values)


def _test(fact: Fact, chance: random.Random) -> Condition:
    match fact.type:
        case "boolean":
            return Compare(fact.name, "equals", chance.random() < 0.5)
        case "enum":
            return Compare(fact.name, "one_of", tuple(chance.sample(CODES, 4)))
        case "set":
            held = Compare(fact.name, "contains_any", (chance.choice(CODES),))
            return Not(held) if chance.random() < 0.5 else held
        case "number":
            return Compare(fact.name, chance.choice(["at_least", "less_than"]), chance.randint(200, 700) / 100)
        case _:
            return Compare(fact.name, chance.choice(["at_least", "less_than"]), chance.randint(20, 70))


def _value(fact: Fact, chance: random.Random) -> Any:
    match fact.type:
        case "boolean":
            return chance.random() < 0.5
        case "enum":
            return chance.choice(CODES)
        case "set":
            return chance.sample(CODES, 3)
        case "number":
            return chance.randint(0, 900) / 100
        case _:
            return chance.randint(0, 90)
