"""What can go wrong around campaigns: another service that fails, and our own process that dies at a transaction."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import metadata
from services.campaigns.dependencies import MIGRATIONS
from shared.kernel.faults import Unavailable
from shared.persistence import Database
from shared.persistence.migrations import migrate


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Trouble:
    """Lets a call to another service fail: `at` counts calls from 1."""

    at: int | None = None
    kind: Callable[[], BaseException] = Crash
    after: bool = False
    """True: the other service has done its work before we die."""
    calls: int = 0

    def around(self, work: Callable[[], Any]) -> Any:
        self.calls += 1
        strikes = self.calls == self.at
        if strikes and not self.after:
            raise self.kind()
        done = work()
        if strikes:
            raise self.kind()
        return done


@dataclass
class Power:
    """Of our own process: once it is off, nothing more reaches the database, not even what `finally` would do."""

    is_on: bool = True
    writes: int = 0
    crash_at: int | None = None
    """The transaction, counted from 1, in which the process dies."""
    committed: bool = False
    """True: it dies right after the commit instead of right before."""


class MortalDatabase(Database):
    """A database whose client may die at any transaction."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.power = Power()

    def forget_everything(self) -> None:
        """Empty all tables, for another world: an engine that knows its statements is quicker than a new one."""
        self.power = Power()
        with super().write() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())

    @contextmanager
    def write(self) -> Iterator[Connection]:
        power = self.power
        if not power.is_on:
            raise Crash
        power.writes += 1
        strikes = power.writes == power.crash_at
        with super().write() as connection:
            yield connection
            if strikes and not power.committed:
                power.is_on = False
                raise Crash
        if strikes:
            power.is_on = False
            raise Crash


def prepare(database: Database) -> None:
    """Bring a database up to date; SQLite files are copied from one that is, which is much quicker."""
    if database.dialect != "sqlite":
        migrate(database, MIGRATIONS)
        return
    shutil.copyfile(_migrated(), database.url.database or "")


@cache
def _migrated() -> Path:
    path = Path(tempfile.mkdtemp(prefix="campaigns-")) / "migrated.sqlite"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    database = Database(f"sqlite:///{path}")
    migrate(database, MIGRATIONS)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


def unavailable() -> Unavailable:
    return Unavailable("nobody there")
