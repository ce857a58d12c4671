"""Time as an argument: the real clock, and clocks a demo or a test can steer."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

OWN_ZONES = frozenset({"localtime", "posixrules", "Factory"})
"""Names that mean the zone a machine is set to, or none: with them one process would judge unlike another."""


class Clock(Protocol):
    """Tells the present moment as an aware datetime in UTC."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock: what production uses."""

    def now(self) -> datetime:
        """Return the present moment, aware, in UTC."""
        return datetime.now(UTC)


class SteeredClock:
    """A clock that stands still until somebody moves it; the demo and the tests steer it."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment the clock was last moved to, aware, in UTC."""
        return self._now

    def move_to(self, moment: datetime) -> None:
        """Move to `moment`; raises ValueError if that lies in the past, since ledgers trust time."""
        target = moment.astimezone(UTC)
        if target < self._now:
            msg = f"a clock cannot go back from {self._now.isoformat()} to {target.isoformat()}"
            raise ValueError(msg)
        self._now = target

    def advance(self, by: timedelta) -> None:
        """Move forward by a duration."""
        self.move_to(self._now + by)


@dataclass(frozen=True, slots=True)
class AcceleratedClock:
    """Runs `factor` times as fast as the machine's clock, from `start`, counted from `anchor` (epoch seconds).

    Processes that share the three figures agree on the time, so a distributed rehearsal needs no time server.
    """

    start: datetime
    factor: float
    anchor: float

    def now(self) -> datetime:
        """Return the accelerated moment, aware, in UTC."""
        return (self.start + timedelta(seconds=(time.time() - self.anchor) * self.factor)).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class SkewedClock:
    """The machine's clock, ahead by `by` or, when negative, behind: for rehearsals of clocks that disagree."""

    by: timedelta

    def now(self) -> datetime:
        """Return the skewed moment, aware, in UTC."""
        return datetime.now(UTC) + self.by


class FileClock:
    """A clock that several processes of one machine share: a file holds the moment, and whoever steers replaces it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mark: tuple[int, int] | None = None
        self._now = self.now()

    def now(self) -> datetime:
        """Return the moment in the file as it stands, aware, in UTC; the file is read only when it was replaced."""
        stat = self._path.stat()
        mark = (stat.st_mtime_ns, stat.st_ino)
        if mark != self._mark:
            self._now = _read_instant(self._path.read_text("ascii").strip())
            self._mark = mark  # of the file before it was read: a change in between is seen next time
        return self._now


def _read_instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        msg = f"clock time {text!r} has no UTC offset: write for example 2026-03-02T09:00:00+08:00"
        raise ValueError(msg)
    return moment.astimezone(UTC)


def parse_clock(text: str) -> Clock:
    """Read a clock: `system`, `accelerated;<start>;<factor>;<anchor epoch seconds>`, `file;<path>`, `skewed;<seconds>`.

    Instants are ISO 8601 with a UTC offset. Raises ValueError naming the faulty part, OSError for a missing file.
    """
    if text in {"", "system"}:
        return SystemClock()
    kind, *parts = text.split(";")
    if kind == "file" and len(parts) == 1:
        return FileClock(Path(parts[0]))
    if kind == "skewed" and len(parts) == 1:
        return SkewedClock(timedelta(seconds=float(parts[0])))
    if kind != "accelerated" or len(parts) != 3:  # noqa: PLR2004 - start, factor, anchor
        known = "'system', 'accelerated;<start>;<factor>;<anchor>', 'file;<path>' or 'skewed;<seconds>'"
        msg = f"unknown clock {text!r}: expected {known}"
        raise ValueError(msg)
    return AcceleratedClock(_read_instant(parts[0]), float(parts[1]), float(parts[2]))
