"""Formulas over variables that have whole numbers for values: facts, members of sets, sizes, relations of two facts."""

from collections.abc import Hashable
from dataclasses import dataclass
from fractions import Fraction

from shared.rulekit.analysis.spans import Spans

UNKNOWN = -(10**15)
"""The value of a fact nobody knows; below all others."""


@dataclass(frozen=True, slots=True)
class Member:
    """Whether a set holds a value: 1 or 0."""

    fact: str
    value: str


@dataclass(frozen=True, slots=True)
class Size:
    """How many values a set holds."""

    fact: str
    most: int


@dataclass(frozen=True, slots=True)
class Relation:
    """How one fact stands to another times a factor: less (0), the same (1), more (2)."""

    fact: str
    other: str
    times: Fraction


@dataclass(frozen=True, slots=True)
class Within:
    """The variable has one of these values."""

    variable: Hashable
    allowed: Spans


@dataclass(frozen=True, slots=True, eq=False)
class Every:
    """All parts hold; true when empty."""

    parts: tuple["Formula", ...]


@dataclass(frozen=True, slots=True, eq=False)
class Some:
    """At least one part holds; false when empty."""

    parts: tuple["Formula", ...]


Formula = Within | Every | Some
