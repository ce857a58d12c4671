"""How far a file has been read: a bar on a terminal, a line now and then elsewhere, on standard error."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from services.customer_view.application.feed_state import FeedState

    Progress = Callable[[FeedState], None]

_LINE_SECONDS = 10.0
_SAMPLE = 1 << 20


@contextmanager
def showing(file: Path) -> Iterator["Progress"]:
    """Give what is to be called after each transaction."""
    if sys.stderr.isatty():
        with _bar(file) as show:
            yield show
    else:
        yield _lines()


@contextmanager
def _bar(file: Path) -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    words = TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[speed]}")
    total = about_rows(file)
    with Progress(*words, TimeRemainingColumn(), console=Console(stderr=True)) as bar:
        task = bar.add_task(file.name, total=total, speed="")
        speed = _Speed()

        def show(state: "FeedState") -> None:
            known = None if total is None else max(total, state.rows)
            bar.update(task, completed=state.rows, total=known, speed=f"{speed.of(state.rows):,.0f} rows/s")

        yield show


def _lines() -> "Progress":
    speed, told = _Speed(), time.monotonic()

    def show(state: "FeedState") -> None:
        nonlocal told
        pace = speed.of(state.rows)
        if time.monotonic() - told >= _LINE_SECONDS:
            told = time.monotonic()
            words = f"{state.rows:,} rows, {pace:,.0f} rows/s, {state.refused:,} refused"
            click.echo(words, err=True)

    return show


class _Speed:
    """Rows a second since the first stretch that this run has stored."""

    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._first: int | None = None

    def of(self, rows: int) -> float:
        """Return it, now that so many rows are stored."""
        if self._first is None:
            self._first = rows
            self._begun = time.monotonic()
            return 0.0
        return (rows - self._first) / max(time.monotonic() - self._begun, 1e-3)


def about_rows(file: Path) -> int | None:
    """Guess from its beginning how many rows a file has; None where it is packed."""
    with file.open("rb") as opened:
        sample = opened.read(_SAMPLE)
    lines = sample.count(b"\n")
    if sample[:2] == b"\x1f\x8b" or sample[:4] == b"PAR1" or not lines:
        return None
    return max(round(lines * file.stat().st_size / len(sample)) - 1, 1)
