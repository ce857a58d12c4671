"""Instants in a database: UTC microseconds since 1970 as an integer, the same on both databases.

SQLite has no instants, and PostgreSQL's text form of them is slow to read in bulk; integers sort, subtract and index
alike on both, so window arithmetic in SQL is one text.
"""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_FIRST = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


def to_micros(moment: datetime) -> int:
    """Return microseconds since 1970 UTC of an aware datetime.

    What its offset puts beyond the years 1 to 9999 of UTC is their first or last moment, which can be read again.
    """
    return min(max((moment - _EPOCH) // _MICROSECOND, _FIRST), _LAST)


def from_micros(micros: int) -> datetime:
    """Return the aware UTC datetime of microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=micros)


class Instant(sa.types.TypeDecorator[datetime]):
    """A column of aware datetimes, stored as bigint microseconds."""

    impl = sa.BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> int | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert on the way in."""
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: sa.Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Convert on the way out."""
        return None if value is None else from_micros(value)
