"""Calendar spans in a zone: the hour, day, week or month a moment falls into, as half-open intervals of microseconds.

Zones are cut at their own wall clock, so a day may last 23 or 25 hours, and the hour that a change of the clocks
repeats is one calendar hour of two real ones.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from services.governance.domain.instants import DAY, HOUR, QUARTER, from_micros, to_micros
from shared.kernel.clock import OWN_ZONES

CalendarUnit = Literal["hour", "day", "week", "month"]
Span = tuple[int, int]
START_OF_TIME, END_OF_TIME = (to_micros(datetime(year, 1, 2, tzinfo=UTC)) for year in (1, 9999))
"""Outside there may be no local time, and no next day or month, to speak of."""
_FARTHEST = 27 * HOUR
_LONGEST: Mapping[CalendarUnit, int] = {"hour": 2 * HOUR, "day": 26 * HOUR, "week": 8 * DAY, "month": 32 * DAY}


@lru_cache(maxsize=1024)
def zone_named(name: str) -> ZoneInfo | None:
    """Return the zone, or None when nobody knows it, or every machine may mean another by it."""
    if name in OWN_ZONES:
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def span_of(unit: CalendarUnit, zone: str, at: int) -> Span:
    """Return [start, end) of the calendar unit that holds `at` in a known zone."""
    return _span_of_quarter(unit, zone, at // QUARTER)


@lru_cache(maxsize=65_536)
def _span_of_quarter(unit: CalendarUnit, zone: str, quarter: int) -> Span:
    # Since 1972 every zone's offset and every change of it falls on a quarter of an hour: one answer serves all of it.
    local = from_micros(quarter * QUARTER).astimezone(_known(zone))
    start = local.replace(minute=0, second=0, microsecond=0, fold=0)
    if unit != "hour":
        start = start.replace(hour=0)
    if unit == "week":
        start -= timedelta(days=start.weekday())
    if unit == "month":
        start = start.replace(day=1)
    return to_micros(start), to_micros(_next_start(unit, start))


def _next_start(unit: CalendarUnit, start: datetime) -> datetime:
    # Arithmetic on an aware datetime moves its wall clock, which is what a calendar means.
    if unit == "hour":
        return (start + timedelta(hours=1)).replace(fold=0)
    if unit == "month":
        return (start + timedelta(days=32)).replace(day=1, fold=0)
    return (start + timedelta(days=1 if unit == "day" else 7)).replace(fold=0)


def begins_anywhere(unit: CalendarUnit, span: Span, at: int) -> int:
    """Return a moment no later than the beginning, in any zone, of the unit that holds `at`; `span` is it in one zone.

    Clocks of the world are at most 26 hours apart. So once a unit is older than that in one zone, `at` lies in the unit
    of the same name everywhere; before, it may still lie in the one before.
    """
    start, _ = span
    return start - _FARTHEST - (0 if at - start >= _FARTHEST else _LONGEST[unit])


@lru_cache(maxsize=4096)
def midnight(day: date, zone: str) -> int:
    """Return the moment `day` begins in a known zone."""
    return to_micros(datetime.combine(day, time(), _known(zone)))


def local_time(zone: str, at: int) -> datetime:
    """Return the wall clock of a known zone at a moment."""
    return from_micros(at).astimezone(_known(zone))


def _known(name: str) -> ZoneInfo:
    zone = zone_named(name)
    if zone is None:
        msg = f"unknown zone {name!r} reached the calendar; requests are checked before"
        raise ValueError(msg)
    return zone
