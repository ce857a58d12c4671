"""What the engine sees of a subscriber: whole numbers under short names, unknown ones left out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Literal

from shared.rulekit.facts import scaled
from shared.rulekit.model import RuleBook, Scalar
from shared.rulekit.vocabulary import Fact

FieldKind = Literal[
    "value", "code", "age", "one_of", "overlaps", "includes", "size", "known", "sign", "in_force", "part"
]


@dataclass(frozen=True, slots=True)
class Field:
    """One number in the message.

    | kind | of | number |
    |---|---|---|
    | value | fact | the value: money in fen, numbers × 10000, dates as ordinals, false and true as 0 and 1 |
    | code | text, enum | the literal's code; 0 when no rule names the value |
    | age | date fact | days from the value to the day of judgement |
    | one_of, overlaps, includes | fact, values | 1 when it is one of them; shares one; holds all; else 0 |
    | size | set fact | number of values |
    | known | fact | 1 or 0, never left out |
    | sign | fact, other fact, factor | -1, 0 or 1: the sign of value − factor × other, exact |
    | in_force | segment | 1 or 0, never left out |
    | part | number of a condition decided in an earlier stage | 1 or 0, never left out |
    """

    kind: FieldKind
    of: str
    values: tuple[Scalar, ...] = ()
    other: str = ""
    times: Fraction = Fraction(1)


@dataclass(slots=True)
class FieldTable:
    """Fields by their short names; names and codes are given out in the order in which they are asked for."""

    book: RuleBook
    names: dict[Field, str] = field(default_factory=dict)
    codes: dict[str, dict[str, int]] = field(default_factory=dict)

    def name(self, wanted: Field) -> str:
        """Return the field's name: `f` and a number, never a name that the engine itself uses."""
        return self.names.setdefault(wanted, f"f{len(self.names)}")

    def code(self, fact: str, literal: str) -> int:
        """Return the number that stands for a text, the same for the same fact and text."""
        codes = self.codes.setdefault(fact, {})
        return codes.setdefault(literal, len(codes) + 1)


def whole(value: object) -> int:
    """Return a number, date or boolean as the whole number the engine compares."""
    if isinstance(value, float):
        return scaled(value)
    if isinstance(value, date):
        return value.toordinal()
    if isinstance(value, int):
        return int(value)
    msg = f"{value!r} has no whole number"
    raise TypeError(msg)


def sign_of(value: int, other: int, times: Fraction) -> int:
    """Return the sign of value − times × other, exact."""
    left, right = value * times.denominator, other * times.numerator
    return (left > right) - (left < right)


def literal_of(fact: Fact, literal: Scalar) -> int:
    """Return a literal as the whole number its fact's value is compared with."""
    return scaled(literal) if fact.type == "number" and isinstance(literal, (int, float)) else whole(literal)


def colliding(names: Mapping[Field, str]) -> tuple[str, str] | None:
    """Return two field names that the engine, which knows names by 32-bit FNV-1a, would take for one."""
    seen: dict[int, str] = {}
    for name in ["id", "sid", "t", "$s", *names.values()]:
        value = 2_166_136_261
        for byte in name.encode():
            value = ((value ^ byte) * 16_777_619) & 0xFFFFFFFF
        if value in seen:
            return seen[value], name
        seen[value] = name
    return None
