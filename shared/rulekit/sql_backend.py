"""Conditions as SQLAlchemy expressions: the same three-valued meaning on PostgreSQL and SQLite, for whole audiences."""

import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any as Whatever

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from shared.kernel.faults import NotFound
from shared.rulekit.model import (
    All,
    Any,
    Compare,
    Condition,
    Constant,
    InSegment,
    IsKnown,
    Not,
    OtherFact,
    RuleBook,
)
from shared.rulekit.storage import mask_column, mask_of
from shared.rulekit.vocabulary import SCALE, Fact

_Column = sa.ColumnElement[Whatever]
Columns = Mapping[str, _Column]
_Boolean = sa.ColumnElement[bool]
_MOST_PARTS = 50  # of one AND or OR
_ORDER: Mapping[str, Callable[[Whatever, Whatever], _Boolean]] = {
    "equals": operator.eq,
    "at_least": operator.ge,
    "more_than": operator.gt,
    "at_most": operator.le,
    "less_than": operator.lt,
}


class FactNotStored(NotFound):
    """A condition reads a fact for which the query has no column."""

    code = "fact_not_stored"


class _Position(FunctionElement[int]):
    """Where a text stands in another, from 1; 0 when it does not."""

    type = sa.Integer()
    inherit_cache = True


@compiles(_Position)
def _position_postgresql(element: _Position, compiler: Whatever, **kw: Whatever) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    return f"strpos({compiler.process(element.clauses, **kw)})"


@compiles(_Position, "sqlite")
def _position_sqlite(element: _Position, compiler: Whatever, **kw: Whatever) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    return f"instr({compiler.process(element.clauses, **kw)})"


class _Group(FunctionElement[bool]):
    """A condition in parentheses that SQLAlchemy does not take away again."""

    type = sa.Boolean()
    inherit_cache = True


@compiles(_Group)
def _group(element: _Group, compiler: Whatever, **kw: Whatever) -> str:  # noqa: ANN401 - SQLAlchemy's hook
    return f"({compiler.process(element.clauses, **kw)})"


def to_sql(condition: Condition, columns: Columns, book: RuleBook, on: date) -> sa.ColumnElement[bool]:
    """Return the condition over these columns (by fact name, stored as `storage` says): TRUE, FALSE or NULL.

    Raises FactNotStored, UnknownSegment.
    """
    return _Translation(columns, book, on).of(condition)


class _Translation:
    def __init__(self, columns: Columns, book: RuleBook, on: date) -> None:
        self._columns = columns
        self._book = book
        self._on = on

    def of(self, condition: Condition) -> _Boolean:  # noqa: PLR0911 - one answer for each form
        match condition:
            case Constant(value):
                return sa.cast(sa.null(), sa.Boolean) if value is None else sa.literal(value, sa.Boolean)
            case All(parts):
                return _joined(sa.and_, [sa.true(), *(self.of(part) for part in parts)])
            case Any(parts):
                return _joined(sa.or_, [sa.false(), *(self.of(part) for part in parts)])
            case Not(part):
                return self._opposite(part)
            case IsKnown(fact):
                return self._column(fact).is_not(None)
            case InSegment(segment):
                return self._in_segment(segment)
            case Compare():
                return self._compare(condition)

    def _opposite(self, condition: Condition) -> _Boolean:
        """Return the negation, taken down to the leaves: SQLite's parser has room for some 40 negated groups."""
        match condition:
            case Not(part):
                return self.of(part)
            case All(parts):
                return _joined(sa.or_, [sa.false(), *(self._opposite(part) for part in parts)])
            case Any(parts):
                return _joined(sa.and_, [sa.true(), *(self._opposite(part) for part in parts)])
            case _:
                return _Group(sa.not_(self.of(condition)))  # for `NOT x IS TRUE` is read as NOT (x IS TRUE)

    def _column(self, fact: str) -> _Column:
        column = self._columns.get(fact)
        if column is None:
            msg = f"fact {fact!r} has no column here"
            raise FactNotStored(msg, details={"kind": "fact", "id": fact})
        return column

    def _in_segment(self, segment: str) -> _Boolean:
        rule = self._book.segment(segment)
        if not rule.valid_for.covers(self._on):
            return sa.literal(value=False, type_=sa.Boolean)
        earlier = [self.of(one.when).is_not(sa.true()) for one in self._book.segments_before(segment, self._on)]
        return _joined(sa.and_, [self.of(rule.when), *earlier])

    def _compare(self, condition: Compare) -> _Boolean:  # noqa: PLR0911 - one answer for each operator
        column = self._column(condition.fact)
        operand = condition.operand
        fact = self._book.vocabulary[condition.fact]
        if isinstance(operand, OtherFact):
            return self._with_other(column, condition.operator, operand, numbers=fact.type == "number")
        if fact.type == "set":
            return self._with_set(column, condition, fact)
        if condition.operator == "older_than":
            return column < self._day(operand)
        if condition.operator == "within":
            return sa.and_(column >= self._day(operand), column <= self._on.isoformat())
        if isinstance(operand, tuple):
            return column.in_([_stored(one) for one in operand])
        if isinstance(operand, bool):
            return column == (sa.true() if operand else sa.false())
        return _ORDER[condition.operator](column, _stored(operand))

    def _day(self, days: object) -> str:
        return (self._on - timedelta(days=int(str(days)))).isoformat()

    def _with_other(self, column: _Column, word: str, other: OtherFact, *, numbers: bool) -> _Boolean:
        right = self._column(other.fact)
        if other.times == 1:
            return _ORDER[word](column, right)
        if numbers:  # compared as ten-thousandths, as the reference does: 0.8 × 3 is 2.4 exactly
            column, right = _whole(column), _whole(right)
        return _ORDER[word](column * _bigint(other.times.denominator), right * _bigint(other.times.numerator))

    def _with_set(self, column: _Column, condition: Compare, fact: Fact) -> _Boolean:
        if condition.of == "size":
            commas = sa.func.length(column) - sa.func.length(sa.func.replace(column, ",", ""))
            return _ORDER[condition.operator](commas - 1, condition.operand)
        members = condition.operand if isinstance(condition.operand, tuple) else (condition.operand,)
        mask = _mask_beside(column, fact)
        if mask is not None:
            bits = _bigint(mask_of(fact, members))
            tested = mask.bitwise_and(bits)
            return tested != _bigint(0) if condition.operator == "contains_any" else tested == bits
        found = [_Position(column, sa.literal(f",{member},")) > 0 for member in members]
        return _joined(sa.or_ if condition.operator == "contains_any" else sa.and_, found)


def _joined(join: Callable[..., _Boolean], parts: Sequence[_Boolean]) -> _Boolean:
    """Join many parts in groups of groups: SQLite takes each part of a flat list for one level deeper, to 1,000."""
    while len(parts) > _MOST_PARTS:
        groups = (parts[at : at + _MOST_PARTS] for at in range(0, len(parts), _MOST_PARTS))
        parts = [_Group(join(*group)) for group in groups]
    return join(*parts)


def _mask_beside(column: _Column, fact: Fact) -> _Column | None:
    """Return the mask of a set, where the column's table has it."""
    table, name = getattr(column, "table", None), mask_column(fact)
    return None if table is None or name is None else table.c.get(name)


def _stored(literal: object) -> object:
    return literal.isoformat() if isinstance(literal, date) else literal


def _whole(column: _Column) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.round(column * float(SCALE)), sa.BigInteger)


def _bigint(value: int) -> sa.ColumnElement[int]:
    return sa.literal(value, sa.BigInteger)
