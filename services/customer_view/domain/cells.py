"""Recipes: how one fact is read from the cells of a row of somebody's file.

Each recipe has `columns` (what it reads) and `read(cells)`, which returns the fact's value in the form the vocabulary
gives it (money in fen, dates as `date`, sets as `frozenset`), None for unknown, and raises BadCell for a cell that
cannot mean what its column says.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Literal, Protocol

Cells = Mapping[str, str]
"""One row: its cells by column name, surrounding blanks removed; a blank cell is an empty text."""
Value = str | int | float | bool | date | frozenset[str] | None

_FEN = 100
_DECIMALS = 4  # of a number fact, as the rule language defines it
_MONTHS = 12
_SHOWN = 40


class BadCell(ValueError):  # noqa: N818 - names what it is; always caught and reported as a row's fault
    """A cell that cannot mean what its column says."""

    def __init__(self, column: str, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


class Recipe(Protocol):
    """How one fact is read."""

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns it reads, in order of mention."""
        ...

    def read(self, cells: Cells) -> Value:
        """Return the value, or None for unknown; raises BadCell."""
        ...


@dataclass(frozen=True, slots=True)
class Constant:
    """The same for every row: what the file as a whole says."""

    value: Value
    columns: tuple[str, ...] = ()

    def read(self, cells: Cells) -> Value:  # noqa: ARG002 - a recipe's shape
        """Return the value."""
        return self.value


@dataclass(frozen=True, slots=True)
class Source:
    """One column: its cell, which texts in it mean "not known", and the part of it that matters."""

    column: str
    missing: frozenset[str]
    pattern: re.Pattern[str] | None = None

    def text(self, cells: Cells) -> str | None:
        """Return the text, None if it is missing; raises BadCell when the pattern does not fit."""
        text = cells[self.column]
        if text in self.missing:
            return None
        if self.pattern is None:
            return text
        found = self.pattern.search(text)
        if found is None:
            raise BadCell(self.column, f"{shown(text)} does not fit the pattern {self.pattern.pattern!r}")
        return found[1] if self.pattern.groups else found[0]


@dataclass(frozen=True, slots=True)
class Words:
    """A text as it stands."""

    source: Source
    longest: int = 200

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.source.column,)

    def read(self, cells: Cells) -> Value:
        """Return the text."""
        text = self.source.text(cells)
        if text is not None and (len(text) > self.longest or not text.isprintable()):
            raise BadCell(self.source.column, f"{shown(text)} is too long or holds control characters")
        return text


@dataclass(frozen=True, slots=True)
class Choice:
    """The cell's exact text, else the first pattern that fits, names the value."""

    source: Source
    values: Mapping[str, Value]
    matches: tuple[tuple[re.Pattern[str], Value], ...] = ()
    otherwise: Literal["bad", "unknown"] = "bad"

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.source.column,)

    def read(self, cells: Cells) -> Value:
        """Return the value the cell names."""
        text = self.source.text(cells)
        if text is None:
            return None
        if text in self.values:
            return self.values[text]
        for pattern, value in self.matches:
            if pattern.search(text):
                return value
        if self.otherwise == "unknown":
            return None
        raise BadCell(self.source.column, f"{shown(text)} is none of the values the column map knows")


@dataclass(frozen=True, slots=True)
class Limit:
    """A condition on another column of the row: more than this."""

    source: Source
    more_than: Decimal

    def holds(self, cells: Cells) -> bool:
        """Tell whether it holds; a missing cell does not."""
        text = self.source.text(cells)
        return text is not None and decimal(self.source.column, text) > self.more_than


@dataclass(frozen=True, slots=True)
class Quantity:
    """A figure: the sum of columns, each times its factor; unknown if any of them is, or where `when` does not hold.

    `low` and `high` bound the sum (both included). Money columns come to yuan by their factor and leave as fen.
    """

    kind: Literal["integer", "number", "money"]
    terms: tuple[tuple[Source, Decimal], ...]
    low: Decimal | None = None
    high: Decimal | None = None
    when: Limit | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the terms and of `when`."""
        named = tuple(source.column for source, _ in self.terms)
        return named if self.when is None else (*named, self.when.source.column)

    def read(self, cells: Cells) -> Value:
        """Return the figure."""
        total = Decimal(0)
        for source, factor in self.terms:
            text = source.text(cells)
            if text is None:
                return None
            total += decimal(source.column, text) * factor
        column = self.terms[0][0].column
        if (self.low is not None and total < self.low) or (self.high is not None and total > self.high):
            raise BadCell(column, f"{total.normalize():f} is not between {self.low} and {self.high}")
        if self.when is not None and not self.when.holds(cells):
            return None
        return self._in_kind(column, total)

    def _in_kind(self, column: str, total: Decimal) -> int | float:
        if self.kind == "number":
            return float(round(total, _DECIMALS))
        if self.kind == "money":
            return int((total * _FEN).quantize(Decimal(1), ROUND_HALF_UP))
        if total != total.to_integral_value():
            raise BadCell(column, f"{total.normalize():f} is not a whole number")
        return int(total)


@dataclass(frozen=True, slots=True)
class Day:
    """A date in one of the formats, given as for `strptime`; with `until`, the whole months from it to that day."""

    source: Source
    formats: tuple[str, ...]
    until: date | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """The column."""
        return (self.source.column,)

    def read(self, cells: Cells) -> Value:
        """Return the date, or the whole months since."""
        text = self.source.text(cells)
        if text is None:
            return None
        day = self._parsed(text)
        if self.until is None:
            return day
        if day > self.until:
            raise BadCell(self.source.column, f"{day} lies after {self.until}")
        return whole_months(day, self.until)

    def _parsed(self, text: str) -> date:
        for form in self.formats:
            try:
                return date.fromisoformat(text) if form == "%Y-%m-%d" else _strptime(text, form)
            except ValueError:
                continue
        raise BadCell(self.source.column, f"{shown(text)} is not a date like {' or '.join(self.formats)}")


@dataclass(frozen=True, slots=True)
class First:
    """The first of several recipes that knows."""

    recipes: tuple[Recipe, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the recipes."""
        return tuple(column for recipe in self.recipes for column in recipe.columns)

    def read(self, cells: Cells) -> Value:
        """Return the first known value; a bad cell ends the search, so that it is reported."""
        for recipe in self.recipes:
            value = recipe.read(cells)
            if value is not None:
                return value
        return None


@dataclass(frozen=True, slots=True)
class Collected:
    """A set put together from several recipes; unknown if any of them is, since a set must be known whole."""

    recipes: tuple[Recipe, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of the recipes."""
        return tuple(column for recipe in self.recipes for column in recipe.columns)

    def read(self, cells: Cells) -> Value:
        """Return the union."""
        members: frozenset[str] = frozenset()
        for recipe in self.recipes:
            value = recipe.read(cells)
            if value is None:
                return None
            members |= value if isinstance(value, frozenset) else {str(value)}
        return members


def decimal(column: str, text: str) -> Decimal:
    """Return a cell's figure, thousands separators allowed; raises BadCell."""
    try:
        number = Decimal(text.replace(",", ""))
    except InvalidOperation:
        raise BadCell(column, f"{shown(text)} is not a number") from None
    if not number.is_finite():
        raise BadCell(column, f"{shown(text)} is not a number")
    return number


def whole_months(start: date, end: date) -> int:
    """Return how many full months lie between two days."""
    months = (end.year - start.year) * _MONTHS + end.month - start.month
    return months - (end.day < start.day)


def shown(text: str) -> str:
    """Return a cell's text fit for a report: quoted, and cut when long."""
    return repr(text if len(text) <= _SHOWN else text[:_SHOWN] + "…")


def _strptime(text: str, form: str) -> date:
    return datetime.strptime(text, form).date()  # noqa: DTZ007 - a calendar day has no zone
