"""Processor time of this process and of the database's sessions: what a busy machine does not change much."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

_SESSIONS = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"


class Work:
    """Seconds of processor time, added up over what was counted."""

    def __init__(self) -> None:
        self.python = 0.0
        self.postgresql: float | None = 0.0
        """None: the server runs elsewhere."""

    @contextmanager
    def counted(self, url: str) -> Iterator[None]:
        """Count what this process and the sessions on that database do meanwhile; they are there before and after."""
        with psycopg.connect(url, autocommit=True) as connection:
            sessions = [int(pid) for (pid,) in connection.execute(_SESSIONS)]
            before, python = _spent(sessions), time.process_time()
            yield
            self.python += time.process_time() - python
            after = _spent(sessions)
        if self.postgresql is not None:
            self.postgresql = None if before is None or after is None else self.postgresql + after - before

    def microseconds(self, requests: int) -> dict[str, float | None]:
        """Return what a request took."""
        database = None if self.postgresql is None else self.postgresql * 1e6 / requests
        return {"python": self.python * 1e6 / requests, "postgresql": database}


def _spent(sessions: list[int]) -> float | None:
    """Return the seconds those processes have run; None where Linux does not tell."""
    try:
        return sum(int(Path(f"/proc/{pid}/schedstat").read_text("ascii").split()[0]) for pid in sessions) / 1e9
    except OSError:
        return None
