"""Rows of one known shape to PostgreSQL by COPY, a line of text at a time.

`shared.persistence.bulk` copies any rows, a value at a time; candidates and contacts come by the million, and writing
their lines as one formatted string each is several times quicker.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import lru_cache

import msgspec
from sqlalchemy.engine import Connection

from services.campaigns.domain.candidate import Cause
from shared.persistence.instants import to_micros

NULL = "\\N"
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def copy_lines(connection: Connection, table: str, columns: Sequence[str], lines: Iterable[str]) -> None:
    """Insert rows given as lines in COPY's text format, each with its line feed."""
    names = ", ".join(f'"{name}"' for name in columns)
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(f'COPY "{table}" ({names}) FROM STDIN') as copy:
            copy.write("".join(lines))
    finally:
        cursor.close()


def text(value: str | None) -> str:
    """Return a text in COPY's format; most ids are letters and digits, which need no second look."""
    if value is None:
        return NULL
    return value if value.isalnum() else value.translate(_ESCAPES)


@lru_cache(maxsize=100_000)
def instant(moment: datetime | None) -> str:
    """Return an instant in COPY's format; many rows share a few instants."""
    return NULL if moment is None else str(to_micros(moment))


@lru_cache(maxsize=10_000)
def causes(reasons: tuple[Cause, ...]) -> str:
    """Return reasons as a JSON document in COPY's format; many rows share a few."""
    return msgspec.json.encode(reasons).decode().translate(_ESCAPES) if reasons else NULL
