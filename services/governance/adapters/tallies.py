"""Tallies in SQL: one statement counts for all requests of a batch what each limit counts of their subscribers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import contact, covered, live_at
from services.governance.domain.calendar import CalendarUnit, begins_anywhere, span_of
from services.governance.domain.contacts import Contact
from services.governance.domain.tallies import Counting, Tally

_UNITS: tuple[CalendarUnit, ...] = ("hour", "day", "week", "month")
_TEXTS = ("customer_id", "channel", "campaign_id", "offering_id", "category", "purpose", "zone")
# A contact made earlier than planned has its place from then on.
_first_at = sa.case((contact.c.contacted_at < contact.c.planned_at, contact.c.contacted_at), else_=contact.c.planned_at)
_LINE = "\n"  # no text of a request holds one: `is_storable` sees to that


def tallies(
    connection: Connection, asked: Sequence[Contact], counted: Sequence[Counting], reach: int, now: int
) -> Mapping[int, Tally | None]:
    """Return tallies by place among `asked`; None where a plain count does not tell, no entry where nothing counts.

    `reach` is the longest span of any rolling limit, of those that are not counted, too.
    A count does not tell when contacts lie on both sides of the moment asked for, were planned in another zone, or name
    campaigns that theirs is like.
    """
    units = tuple(unit for unit in _UNITS if any(counting.unit == unit for counting in counted))
    columns = _columns(asked, units, reach)
    parameters: dict[str, Any] = {"now": now}
    if connection.dialect.name == "postgresql":
        # The last line is one too many: without it a single empty text would be no line at all.
        parameters |= {name: _LINE.join([*columns[name], ""]) for name in _TEXTS}
        parameters |= {name: _LINE.join(map(str, columns[name])) for name in columns.keys() - _TEXTS}
    else:
        parameters["rows"] = msgspec.json.encode(list(zip(*columns.values(), strict=True))).decode()
    statement = _statement(connection.dialect.name, tuple(counted), units)
    pairs = [counting.unit is None for counting in counted]
    return {
        place: _tally(doubts, counts, pairs) for place, doubts, *counts in connection.execute(statement, parameters)
    }


def _tally(doubts: int, counts: Sequence[int], pairs: Sequence[bool]) -> Tally | None:
    """Put together what was counted before and after the moment; a count on both sides tells nothing."""
    if doubts:
        return None
    tally, numbers = [], iter(counts)
    for is_pair in pairs:
        before = next(numbers)
        after = next(numbers) if is_pair else 0
        if before and after:
            return None
        tally.append(before + after)
    return tuple(tally)


def _columns(asked: Sequence[Contact], units: Sequence[CalendarUnit], span: int) -> dict[str, Sequence[Any]]:
    whole = dict(zip(Contact._fields, zip(*asked, strict=True), strict=True))
    columns: dict[str, Sequence[Any]] = {name: whole[name] for name in _TEXTS}
    moments: Sequence[int] = whole["at"]
    columns["at"], since = moments, [at - span for at in moments]
    for unit in units:
        spans = [span_of(unit, one.zone, one.at) for one in asked]
        columns[unit], columns[f"{unit}_end"] = zip(*spans, strict=True)
        begins = map(begins_anywhere, repeat(unit), spans, moments)
        since = list(map(min, since, begins))
    return columns | {"since": since}


@lru_cache(maxsize=32)
def _statement(dialect: str, counted: tuple[Counting, ...], units: tuple[CalendarUnit, ...]) -> sa.Select[Any]:
    asked = _asked(dialect, units)
    before, after = contact.c.last_at <= asked.c.at, _first_at > asked.c.at
    names_some = contact.c.similar_to.is_not(None)
    is_doubtful = sa.or_(contact.c.zone != asked.c.zone, names_some, sa.not_(sa.or_(before, after)))
    counts = [sa.func.count().filter(*tests) for counting in counted for tests in _counts(counting, asked)]
    return (
        sa.select(asked.c.place, sa.func.count().filter(is_doubtful), *counts)
        .select_from(asked.join(contact, contact.c.customer_id == asked.c.customer_id))
        .where(contact.c.last_at >= asked.c.since, live_at("now"))
        .group_by(asked.c.place)
    )


def _counts(counting: Counting, asked: sa.Subquery) -> list[list[sa.ColumnElement[bool]]]:
    """Return the tests of what is counted: rolling before the moment and after it, by calendar in the unit."""
    tests = covered(counting.scope)
    if counting.same is not None:
        tests.append(contact.c[counting.same] == asked.c[counting.same])
    if counting.unit is not None:
        start, end = asked.c[counting.unit], asked.c[f"{counting.unit}_end"]
        is_planned = sa.and_(contact.c.planned_at >= start, contact.c.planned_at < end)
        was_made = sa.and_(contact.c.contacted_at >= start, contact.c.contacted_at < end)
        return [[*tests, sa.or_(is_planned, was_made)]]
    span = sa.literal_column(str(counting.span), sa.BigInteger)
    before = (contact.c.last_at > asked.c.at - span, contact.c.last_at <= asked.c.at)
    after = (_first_at < asked.c.at + span, _first_at > asked.c.at)
    return [[*tests, *before], [*tests, *after]]


def _asked(dialect: str, units: Sequence[CalendarUnit]) -> sa.Subquery:
    names = (*_TEXTS, "at", *(name for unit in units for name in (unit, f"{unit}_end")), "since")
    kinds = {name: sa.Text if name in _TEXTS else sa.BigInteger for name in names}
    if dialect == "postgresql":
        lists = ", ".join(
            f"string_to_array(:{name}, E'\\n')" + ("" if name in _TEXTS else "\\:\\:bigint[]") for name in names
        )
        quoted = ", ".join(f'"{name}"' for name in names)
        query = (
            f"SELECT place - 1 AS place, {quoted} "  # noqa: S608 - names of our own columns
            f"FROM unnest({lists}) WITH ORDINALITY AS given({quoted}, place)"
        )
    else:
        cells = ", ".join(f"json_extract(value, '$[{number}]') AS \"{name}\"" for number, name in enumerate(names))
        query = f"SELECT key AS place, {cells} FROM json_each(:rows)"  # noqa: S608 - names of our own columns
    return (
        sa.text(query).columns(sa.column("place", sa.Integer), *map(sa.column, names, kinds.values())).subquery("asked")
    )
