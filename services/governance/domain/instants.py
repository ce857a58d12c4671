"""Moments as integers: microseconds since 1970 UTC, exact and quick to compare."""

from datetime import UTC, datetime, timedelta

SECOND = 1_000_000
MINUTE = 60 * SECOND
QUARTER = 15 * MINUTE
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime; raises TypeError for a naive one.

    What its offset puts beyond the years 1 to 9999 of UTC is their first or last moment, which can be told again.
    """
    return min(max((moment - _EPOCH) // _MICROSECOND, _FIRST), _LAST)


def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970; raises OverflowError beyond the years 1 to 9999."""
    return _EPOCH + timedelta(microseconds=micros)
