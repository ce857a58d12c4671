"""The baseline of the outbound pipeline: the same selection and insert as hand-written SQL, see hand_written.sql."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

_FILE = Path(__file__).with_name("hand_written.sql")
_OPENS = timedelta(hours=1)  # contacts begin an hour after the run


@dataclass(frozen=True, slots=True)
class Selected:
    """Subscribers in one campaign's audience, and those of them eligible for one of its treatments."""

    audience: int
    eligible: int


class HandWritten:
    """Tables of its own beside the customer table; every run starts with empty ones."""

    def __init__(self, url: str, listed: Iterable[Sequence[Any]]) -> None:
        """Make the tables and put in who is listed: (subscriber, list, channel or None)."""
        self._parts = _parts(_FILE.read_text("utf-8"))
        self._connection = psycopg.connect(url, options="-c jit=off")
        with self._connection.cursor() as cursor:
            cursor.execute(self._parts["prepare"])
            with cursor.copy("COPY bench.listing FROM STDIN") as copy:
                for row in listed:
                    copy.write_row(row)
        self._connection.commit()
        self._connection.autocommit = True
        self._connection.execute("ANALYZE bench.listing")

    def select(self) -> dict[str, Selected]:
        """Return what each campaign's rules select."""
        return {name: Selected(*counts) for name, *counts in self._connection.execute(self._parts["count"])}

    def run(self, moment: datetime) -> tuple[float, int]:
        """Select, judge and insert in one transaction; return seconds and contacts."""
        self._connection.execute(self._parts["empty"])
        began = time.perf_counter()
        with self._connection.transaction():
            done = self._connection.execute(
                self._parts["select_and_insert"], {"moment": moment, "opens_at": moment + _OPENS}
            )
        return time.perf_counter() - began, done.rowcount

    def close(self) -> None:
        """Disconnect; the database goes with its deployment."""
        self._connection.close()


def _parts(text: str) -> dict[str, Any]:
    found = {}
    for part in text.split("-- part: ")[1:]:
        name, statement = part.split("\n", maxsplit=1)
        found[name.strip()] = statement
    return found
