"""The outbox relay: whatever is killed, every event arrives and is applied once."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from shared.persistence.database import Database
from shared.persistence.outbox import Outbox

pytestmark = pytest.mark.servers
Serve = Callable[..., "subprocess.Popen[str]"]
EVENTS = 2_000


class Told(msgspec.Struct, frozen=True):
    number: int


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def relay_of(pid: int) -> int:
    """Wait for the relay, which comes back ever more slowly the more often it ends."""
    deadline = time.monotonic() + 60
    while not (found := children_of(pid)):
        assert time.monotonic() < deadline, "the relay was not started again"
        time.sleep(0.02)
    return found[0]


def test_killing_the_relay_again_and_again_loses_nothing_and_applies_nothing_twice(
    serve: Serve, postgres_database: Callable[[], str]
) -> None:
    url = postgres_database()
    database, metadata = Database(url), sa.MetaData()
    outbox, applied = Outbox(metadata), sa.Table("applied", metadata, sa.Column("number", sa.BigInteger))
    metadata.create_all(database.engine)

    def count() -> int:
        with database.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(applied)) or 0)

    server = serve("counter", STORE=url)
    for first in range(0, EVENTS, 500):
        with database.write() as connection:
            for number in range(first, first + 500):
                outbox.add(connection, "told", Told(number), at=datetime.now(UTC), key=str(number))
        if first < EVENTS - 500:
            os.kill(relay_of(server.pid), signal.SIGKILL)
    deadline = time.monotonic() + 150
    while count() < EVENTS and time.monotonic() < deadline:
        time.sleep(0.1)
    with database.read() as connection:
        numbers = sorted(connection.scalars(sa.select(applied.c.number)))
        waiting = outbox.pending(connection)
    database.close()
    assert numbers == list(range(EVENTS))
    assert waiting == 0


def test_the_relay_ends_with_its_parent_even_when_that_is_killed(
    serve: Serve, postgres_database: Callable[[], str]
) -> None:
    url = postgres_database()
    database, metadata = Database(url), sa.MetaData()
    Outbox(metadata)
    metadata.create_all(database.engine)
    database.close()
    server = serve("counter", STORE=url)
    relay = relay_of(server.pid)
    server.kill()
    server.wait()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{relay}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not Path(f"/proc/{relay}").exists()
