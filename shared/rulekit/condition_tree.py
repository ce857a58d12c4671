"""Conditions as frozen values: what a rule's `when` says, after every operator and literal was checked."""

from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Literal

Operator = Literal["equals", "at_least", "more_than", "at_most", "less_than", "one_of"]
SetOperator = Literal["contains_any", "contains_all"]
AgeOperator = Literal["older_than", "within"]
Scalar = int | float | bool | str | date


@dataclass(frozen=True, slots=True)
class OtherFact:
    """The right side of a comparison: another fact of the same type, times an exact factor."""

    fact: str
    times: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always true, false or (None) unknown."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether the fact has a value; never unknown itself."""

    fact: str


@dataclass(frozen=True, slots=True)
class InSegment:
    """Whether the subscriber is in the segment; false outside the segment's `valid_for`."""

    segment: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact against a literal or another fact; unknown when either is unknown.

    Money is in fen. `operand` is a tuple of distinct values, in the file's order, for `one_of`, `contains_any` and
    `contains_all`, a number of days for `older_than` and `within`. With `of="size"` the number of values in a set is
    compared. Negated operators (`not_equals`, `none_of`, `contains_none`) are read as `Not`, `between` as two parts of
    an `All`, `before` and `after` as `less_than` and `more_than`.
    """

    fact: str
    operator: Operator | SetOperator | AgeOperator
    operand: Scalar | tuple[Scalar, ...] | OtherFact
    of: Literal["value", "size"] = "value"


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false; unknown stays unknown."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """False if any part is false, else unknown if any is unknown; true when empty."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True if any part is true, else unknown if any is unknown; false when empty."""

    parts: tuple["Condition", ...]


Condition = All | Any | Not | Compare | IsKnown | InSegment | Constant
