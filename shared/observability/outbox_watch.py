"""How far a service's outbox lags behind, and whether its database answers: looked at every few seconds."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
import structlog

from shared.observability.metrics import gauge
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox

_log = structlog.get_logger(__name__)
_EVERY = 5.0
_FRESH = 15.0
"""Seconds for which the last answer of the database counts; a look that hangs must not look well."""
_MOST = 100_000
"""Rows are counted up to here: a count of millions would burden the database in the worst moment."""
_MOST_LOOKS = 1_000

_rows = gauge("banyan_outbox_rows", f"Events that wait to be published, counted up to {_MOST}", ("service",))
_age = gauge("banyan_outbox_oldest_seconds", "For how long the oldest of them has been seen waiting", ("service",))
_reachable = gauge("banyan_database_up", "1 if the service's database answered lately", ("service",))
_table = Outbox(sa.MetaData()).outbox
_by_service: dict[str, "OutboxWatch"] = {}


@dataclass(frozen=True, slots=True)
class OutboxState:
    """What was last seen: does the database answer; events waiting, and the oldest one's age in seconds."""

    is_reachable: bool
    rows: int
    oldest_seconds: float


class OutboxWatch:
    """Looks at one outbox. Ages are counted from when an event was first seen: services may run by another clock."""

    def __init__(self, service: str, database: Database, now: Callable[[], float] = time.monotonic) -> None:
        self._service, self._database, self._now = service, database, now
        self._looks: list[tuple[int, float]] = []
        """Newest row and moment of each look at which new rows had come, while the oldest of them waits."""
        self._rows, self._oldest = 0, None
        self._has_looked = False
        self._answered: float | None = None
        self._stopped = threading.Event()
        _by_service[service] = self
        _show(service)

    @property
    def state(self) -> OutboxState | None:
        """What was last seen; None before the first look has ended."""
        if not self._has_looked:
            return None
        now = self._now()
        answered = self._answered is not None and now - self._answered <= _FRESH
        age = now - self._looks[0][1] if self._looks else 0.0
        return OutboxState(answered, self._rows, round(age, 1))

    def start(self) -> None:
        """Look every few seconds, by a thread (a green one where eventlet has patched the process)."""
        threading.Thread(target=self._follow, name=f"{self._service} outbox watch", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()
        if _by_service.get(self._service) is self:
            del _by_service[self._service]

    def look(self) -> None:
        """Look once; a database that cannot be reached leaves what was seen before."""
        columns = _table.c
        try:
            with self._database.read() as connection:
                first = sa.select(columns.sequence, columns.event_id).order_by(columns.sequence).limit(1)
                oldest = connection.execute(first).one_or_none()
                newest = connection.scalar(sa.select(sa.func.max(columns.sequence)))
                some = sa.select(columns.sequence).limit(_MOST).subquery()
                rows = connection.scalar(sa.select(sa.func.count()).select_from(some)) if oldest is not None else 0
        except sa.exc.SQLAlchemyError as fault:
            _log.warning("database_unreachable", database=self._service, error=type(fault).__name__)
            self._has_looked = True
            return
        self._note(int(rows or 0), oldest, int(newest or 0))

    def _note(self, rows: int, oldest: Any, newest: int) -> None:  # noqa: ANN401 - a row (sequence, event id), or None
        self._answered, self._has_looked = self._now(), True
        self._rows, before, self._oldest = rows, self._oldest, oldest
        if oldest is None or self._has_restarted(before, oldest, newest):
            self._looks = []
        if oldest is None:
            return
        self._looks = [look for look in self._looks if look[0] >= oldest[0]]
        if not self._looks or (newest > self._looks[-1][0] and len(self._looks) < _MOST_LOOKS):
            self._looks.append((newest, self._answered))

    def _has_restarted(self, before: Any, oldest: Any, newest: int) -> bool:  # noqa: ANN401 - rows, or None
        """Tell whether numbers are given anew, as SQLite does once a table is empty."""
        is_another = before is not None and before[0] == oldest[0] and before[1] != oldest[1]
        return is_another or bool(self._looks and newest < self._looks[-1][0])

    def _follow(self) -> None:
        while not self._stopped.is_set():
            self.look()
            self._stopped.wait(_EVERY)


def outbox_state(service: str) -> OutboxState | None:
    """Return how the outbox of a service of this process stands; None where nobody looks at it."""
    watch = _by_service.get(service)
    return watch.state if watch is not None else None


def _show(service: str) -> None:
    def seen() -> OutboxState:
        return outbox_state(service) or OutboxState(is_reachable=False, rows=0, oldest_seconds=0.0)

    _rows.labels(service).set_function(lambda: seen().rows)
    _age.labels(service).set_function(lambda: seen().oldest_seconds)
    _reachable.labels(service).set_function(lambda: seen().is_reachable)
