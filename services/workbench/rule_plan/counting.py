"""Count whom changes gain and lose: one statement over the whole base, a number per subscriber for every change.

The number says how the change stands for the subscriber: 0 never held, 1 kept, then one for each reason of a loss, then
one for each reason of a gain. Numbers of several changes are packed into one integer, so that the database groups by
few columns; the groups are unpacked here.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from services.workbench.customer_base import CustomerBase
from services.workbench.rule_plan.changes import Change, Part
from services.workbench.rule_plan.sides import Side
from shared.rulekit.sql_backend import Columns, to_sql

_TOGETHER = 24
"""Changes counted in one statement: beyond it the groups become many and the statement long."""
_BITS = 62
_NEVER, _KEPT = 0, 1
Direction = str  # "gained", "lost" or "kept"


@dataclass(slots=True)
class Tally:
    """What became of one change: subscribers by direction, and within it by reason (a part's place), city, brand."""

    totals: Counter[Direction] = field(default_factory=Counter)
    reasons: Counter[tuple[Direction, int]] = field(default_factory=Counter)
    cities: Counter[tuple[Direction, str | None]] = field(default_factory=Counter)
    brands: Counter[tuple[Direction, str | None]] = field(default_factory=Counter)
    samples: dict[Direction, set[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counted:
    """All tallies in the order of the changes, and how many subscribers there are."""

    tallies: list[Tally]
    subscribers: int


def count(base: CustomerBase, before: Side, after: Side, changes: Sequence[Change]) -> Counted:
    """Count every change over every subscriber of the base."""
    old, new = base.columns(before.book.vocabulary), base.columns(after.book.vocabulary)
    if not changes:
        with base.reading() as connection:
            found = connection.scalar(sa.select(sa.func.count()).select_from(base.table))
        return Counted([], int(found or 0))
    tallies = [Tally() for _ in changes]
    subscribers = 0
    for start in range(0, len(changes), _TOGETHER):
        part = changes[start : start + _TOGETHER]
        codes = [_code(change, _Eyes(old, before), _Eyes(new, after)) for change in part]
        packed = list(_packed([_size(change) for change in part]))
        subscribers = 0
        for row in base.rows_of(_statement(base.table, codes, packed, new)):
            subscribers += row.subscribers
            numbers = [number for pack, places in zip(row, packed, strict=False) for number in _unpacked(pack, places)]
            for change, tally, number in zip(part, tallies[start:], numbers, strict=False):
                _note(tally, change, number, row)
    return Counted(tallies, subscribers)


@dataclass(frozen=True, slots=True)
class _Eyes:
    """How one version of the rules sees the base."""

    columns: Columns
    side: Side

    def holds(self, part: Part) -> sa.ColumnElement[bool]:
        if part.condition is None:
            return sa.false()
        truth = to_sql(part.condition, self.columns, self.side.book, self.side.on)
        return truth.is_(sa.true()) if part.wanted else truth.is_not(sa.true())


def _size(change: Change) -> int:
    return 2 + len(change.after) + len(change.before)


def _code(change: Change, old: _Eyes, new: _Eyes) -> sa.ColumnElement[int]:
    before, after = [old.holds(part) for part in change.before], [new.holds(part) for part in change.after]
    held, holds = sa.and_(sa.true(), *before), sa.and_(sa.true(), *after)
    lost = _first_failing(after, 2)
    gained = _first_failing(before, 2 + len(after))
    return sa.case((holds, sa.case((held, _number(_KEPT)), else_=gained)), (held, lost), else_=_number(_NEVER))


def _first_failing(parts: Sequence[sa.ColumnElement[bool]], first: int) -> sa.ColumnElement[int]:
    if not parts:
        return _number(_NEVER)
    *others, last = range(len(parts))
    whens = [(sa.not_(parts[place]), _number(first + place)) for place in others]
    return sa.case(*whens, else_=_number(first + last)) if whens else _number(first + last)


def _number(value: int) -> sa.ColumnElement[int]:
    return sa.literal_column(str(value), sa.BigInteger)


def _packed(sizes: Sequence[int]) -> Iterator[list[tuple[int, int]]]:
    """Yield the changes of each packed integer as (place, numbers it may have)."""
    pack: list[tuple[int, int]] = []
    room = 1 << _BITS
    for place, size in enumerate(sizes):
        if size > room:
            yield pack
            pack, room = [], 1 << _BITS
        pack.append((place, size))
        room //= size
    yield pack


def _statement(
    table: sa.TableClause,
    codes: Sequence[sa.ColumnElement[int]],
    packed: Sequence[list[tuple[int, int]]],
    columns: Columns,
) -> sa.Select[Any]:
    packs = []
    for places in packed:
        pack: sa.ColumnElement[int] | None = None
        for place, size in reversed(places):
            code = sa.cast(codes[place], sa.BigInteger)
            pack = code if pack is None else pack * _number(size) + code
        packs.append(pack if pack is not None else _number(0))
    unknown = sa.cast(sa.null(), sa.Text)
    labelled = {f"pack_{number}": pack for number, pack in enumerate(packs)}
    labelled |= {"city_of": columns.get("city", unknown), "brand_of": columns.get("brand", unknown)}
    told: list[sa.ColumnElement[Any]] = [expression.label(name) for name, expression in labelled.items()]
    told += [
        sa.func.count().label("subscribers"),
        sa.func.min(table.c.customer_id).label("first"),
        sa.func.max(table.c.customer_id).label("last"),
    ]
    return sa.select(*told).select_from(table).group_by(*map(sa.text, labelled))


def _unpacked(pack: int, places: Sequence[tuple[int, int]]) -> Iterator[int]:
    for _, size in places:
        pack, number = divmod(pack, size)
        yield number


def _note(tally: Tally, change: Change, number: int, row: sa.Row[Any]) -> None:
    if number == _NEVER:
        return
    reason = number - 2
    lost = 0 <= reason < len(change.after)
    direction = "kept" if number == _KEPT else "lost" if lost else "gained"
    subscribers = int(row.subscribers)
    tally.totals[direction] += subscribers
    tally.cities[direction, row.city_of] += subscribers
    tally.brands[direction, row.brand_of] += subscribers
    if direction != "kept":
        tally.reasons[direction, reason if lost else reason - len(change.after)] += subscribers
        tally.samples.setdefault(direction, set()).update((row.first, row.last))
