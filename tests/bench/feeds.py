"""A month's file of BOSS into customer_view: the whole of `banyan feeds load` beside a bare COPY of the same rows.

The bare COPY is given the words ready-made and stores nothing but rows: no reading, no checks, no refusals, no events,
no position. Both run on a PostgreSQL of their own that waits for the disk at each commit.
"""

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from rich.progress import Progress

from services.customer_view.application.feed_ports import FileOrder
from services.customer_view.application.feeds import BATCH, FileFeeds
from services.customer_view.dependencies import build, build_feeds, build_import, open_database
from services.customer_view.settings import Settings
from shared.persistence.database import Database
from tests.bench.feeds_file import write_file, write_map
from tests.bench.figures import Aim, Figure, rate
from tests.support.deployment import ROOT
from tests.support.postgres import Postgres
from tests.support.servers import find_postgres

_AIM = 20_000


@dataclass(frozen=True, slots=True)
class Size:
    """How many subscribers the file holds, and how many of them also take the slow way."""

    subscribers: int
    slow: int


FULL, QUICK = Size(300_000, 30_000), Size(10_000, 2_000)


def measure(progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    """Return rows a second of a first month and of a second one that changes everybody; raises MissingServerError."""
    server = find_postgres(durable=True)
    try:
        with tempfile.TemporaryDirectory(prefix="banyan-bench-feeds-") as folder:
            return _measure(server, Path(folder), progress, size)
    finally:
        server.stop()


def _measure(server: Postgres, folder: Path, progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    column_map = write_map(folder / "map.yaml")
    files = [write_file(folder / f"month{month}.csv", size.subscribers, month=month) for month in (0, 1)]
    task = progress.add_task("feeds of files", total=5)
    url = server.create_database()
    database, feeds = _service(url, folder)
    details: dict[str, Any] = {"subscribers": size.subscribers, "bytes": files[0].stat().st_size}
    speeds: dict[str, float] = {}
    for label, path in (("first", files[0]), ("second", files[1])):
        speeds[label], details[label] = _timed(feeds, FileOrder(path, column_map, label), size.subscribers)
        progress.advance(task)
    speeds["same"], details["same"] = _timed(
        feeds, FileOrder(files[1], column_map, "second", is_again=True), size.subscribers
    )
    progress.advance(task)
    copied = _copied(url, size.subscribers)
    progress.advance(task)
    database.close()
    slow = _slow_way(server.create_database(), folder, column_map, size.slow)
    progress.advance(task)
    rows = f"{size.subscribers:,} rows"
    aim = Aim("at least", _AIM, judged="value")
    bare = "a bare COPY of the same rows"
    return [
        Figure(f"file feed, {rows}, all new", "rows/s", speeds["first"], bare, copied, aim),
        Figure(f"file feed, {rows}, all changed", "rows/s", speeds["second"], bare, copied, aim),
        Figure(f"file feed, {rows}, none changed", "rows/s", speeds["same"], bare, copied, aim),
        Figure("file feed, all new", "rows/s", speeds["first"], "records through the use cases", slow),
    ], details


def _service(url: str, folder: Path) -> tuple[Database, FileFeeds]:
    settings = _settings(url, folder)
    return open_database(settings), build_feeds(settings)


def _settings(url: str, folder: Path) -> Settings:
    return Settings.read(
        {"BANYAN_DATABASE_URL": url, "BANYAN_VAR": str(folder), "BANYAN_RULES_DIR": str(ROOT / "rules")}
    )


def _timed(feeds: FileFeeds, order: FileOrder, rows: int) -> tuple[float, dict[str, Any]]:
    """Load a file; return rows a second, and the processor's seconds of this process."""
    busy, begun = sum(os.times()[:2]), time.perf_counter()
    outcome = feeds.load(order)
    taken = time.perf_counter() - begun
    if outcome.state.written != rows:
        message = f"of {rows} rows {outcome.state.written} were written"
        raise RuntimeError(message)
    return rate(rows, taken), {
        "seconds": taken,
        "own_cpu": sum(os.times()[:2]) - busy,
        "changed": outcome.state.changed,
    }


def _copied(url: str, rows: int) -> float:
    """Copy the table's rows, words ready, into a table like it, as many at a time as a feed does."""
    with psycopg.connect(url, connect_timeout=10) as connection:
        connection.execute("CREATE TABLE bare (LIKE customer INCLUDING ALL)")
        names = [
            row[0]
            for row in connection.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = 'customer'"
                " AND is_generated = 'NEVER' AND table_schema = 'public' ORDER BY ordinal_position"
            )
        ]
        columns = ", ".join(f'"{name}"' for name in names)
        with connection.cursor().copy(f"COPY customer ({columns}) TO STDOUT") as out:
            lines = [bytes(line) for line in out]
        connection.commit()
        stretches = [b"".join(lines[start : start + BATCH]) for start in range(0, rows, BATCH)]
        begun = time.perf_counter()
        for stretch in stretches:
            with connection.cursor().copy(f"COPY bare ({columns}) FROM STDIN") as into:
                into.write(stretch)
            connection.commit()
        return rate(rows, time.perf_counter() - begun)


def _slow_way(url: str, folder: Path, column_map: Path, rows: int) -> float:
    """Return rows a second of the same work row by row: `customers import` without the bus."""
    settings = _settings(url, folder)
    use_cases = build(settings)
    importing = build_import(use_cases, lambda: use_cases.book.vocabulary)
    path = write_file(folder / "slow.csv", rows)
    taken = _seconds(lambda: importing.import_file(path, column_map))
    open_database(settings).close()
    return rate(rows, taken)


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun
