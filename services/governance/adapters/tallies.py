"""Tallies in SQL: one statement counts for all requests of a batch what each limit counts of their subscribers."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import contact, covered, live_at
from services.governance.domain.calendar import CalendarUnit, span_of
from services.governance.domain.contacts import Contact
from services.governance.domain.tallies import Counting, Tally

_UNITS: tuple[CalendarUnit, ...] = ("hour", "day", "week", "month")
_TEXTS = ("customer_id", "channel", "campaign_id", "offering_id", "category", "purpose", "zone")
_MOMENTS = ("at", *_UNITS)
_LINE = "\n"  # no text of a request holds one: `is_storable` sees to that


def tallies(
    connection: Connection, asked: Sequence[Contact], counted: Sequence[Counting], reach: int, now: int
) -> Mapping[int, Tally | None]:
    """Return tallies by place among `asked`; None where a plain count does not tell, no entry where nothing counts.

    A count does not tell when a live contact lies after the moment asked for, or was planned in another zone.
    """
    units = tuple(unit for unit in _UNITS if any(counting.unit == unit for counting in counted))
    columns = _columns(asked, units)
    parameters: dict[str, Any] = {"reach": reach, "now": now}
    if connection.dialect.name == "postgresql":
        # The last line is one too many: without it a single empty text would be no line at all.
        parameters |= {name: _LINE.join([*values, ""]) for name, values in columns.items() if name in _TEXTS}
        parameters |= {name: _LINE.join(map(str, values)) for name, values in columns.items() if name in _MOMENTS}
    else:
        parameters["rows"] = msgspec.json.encode(list(zip(*columns.values(), strict=True))).decode()
    statement = _statement(connection.dialect.name, tuple(counted), units)
    return {
        place: None if doubtful else tuple(counts)
        for place, doubtful, *counts in connection.execute(statement, parameters)
    }


def _columns(asked: Sequence[Contact], units: Sequence[CalendarUnit]) -> dict[str, Sequence[Any]]:
    whole = dict(zip(Contact._fields, zip(*asked, strict=True), strict=True))
    columns: dict[str, Sequence[Any]] = {name: whole[name] for name in (*_TEXTS, "at")}
    for unit in units:
        columns[unit] = [span_of(unit, one.zone, one.at)[0] for one in asked]
    return columns


@lru_cache(maxsize=32)
def _statement(dialect: str, counted: tuple[Counting, ...], units: tuple[CalendarUnit, ...]) -> sa.Select[Any]:
    asked = _asked(dialect, units)
    is_doubtful = sa.or_(contact.c.last_at > asked.c.at, contact.c.zone != asked.c.zone)
    return (
        sa.select(
            asked.c.place,
            sa.func.max(sa.case((is_doubtful, 1), else_=0)),
            *(sa.func.count().filter(*_counts(counting, asked)) for counting in counted),
        )
        .select_from(asked.join(contact, contact.c.customer_id == asked.c.customer_id))
        .where(contact.c.last_at > asked.c.at - sa.bindparam("reach", type_=sa.BigInteger), live_at("now"))
        .group_by(asked.c.place)
    )


def _asked(dialect: str, units: Sequence[CalendarUnit]) -> sa.Subquery:
    names = (*_TEXTS, "at", *units)
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


def _counts(counting: Counting, asked: sa.Subquery) -> list[sa.ColumnElement[bool]]:
    tests = covered(counting.scope)
    if counting.same is not None:
        tests.append(contact.c[counting.same] == asked.c[counting.same])
    if counting.unit is None:
        tests.append(contact.c.last_at > asked.c.at - sa.literal_column(str(counting.span), sa.BigInteger))
    else:
        tests.append(contact.c.last_at >= asked.c[counting.unit])
    return tests
