"""How far an outbox lags, seen from outside: without the services' clock, without waiting for a database."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from shared.observability.metrics import exposition
from shared.observability.outbox_watch import OutboxState, OutboxWatch, outbox_state
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox


class Told(msgspec.Struct):
    number: int


class Scene:
    """An outbox, and a watch whose time the test steers."""

    def __init__(self, folder: Path) -> None:
        self.database = Database(f"sqlite:///{folder / 'service.sqlite'}")
        metadata = sa.MetaData()
        self.outbox = Outbox(metadata)
        metadata.create_all(self.database.engine)
        self.now = 100.0
        self.watch = OutboxWatch("watched", self.database, lambda: self.now)

    def write(self, *numbers: int) -> None:
        with self.database.write() as connection:
            for number in numbers:
                at = datetime(2026, 3, 2, tzinfo=UTC)
                self.outbox.add(connection, "told", Told(number), at=at, key=str(number))

    def relay(self, count: int) -> None:
        with self.database.write() as connection:
            self.outbox.forget(connection, self.outbox.claim(connection, count))

    def after(self, seconds: float) -> OutboxState:
        self.now += seconds
        self.watch.look()
        found = outbox_state("watched")
        assert found is not None
        return found


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    made = Scene(tmp_path)
    yield made
    made.watch.stop()
    made.database.close()


def test_before_the_first_look_nothing_is_said(scene: Scene) -> None:
    assert outbox_state("watched") is None
    assert outbox_state("nobody") is None
    assert scene.after(0) == OutboxState(is_reachable=True, rows=0, oldest_seconds=0.0)


def test_the_age_is_that_of_the_oldest_event_that_still_waits(scene: Scene) -> None:
    scene.write(1, 2)
    assert scene.after(0) == OutboxState(is_reachable=True, rows=2, oldest_seconds=0.0)
    scene.write(3)
    assert scene.after(5) == OutboxState(is_reachable=True, rows=3, oldest_seconds=5.0)
    scene.relay(1)
    assert scene.after(5).oldest_seconds == 10.0
    scene.relay(1)
    assert scene.after(5) == OutboxState(is_reachable=True, rows=1, oldest_seconds=10.0)
    scene.relay(1)
    assert scene.after(5) == OutboxState(is_reachable=True, rows=0, oldest_seconds=0.0)


def test_a_steady_flow_is_no_lag(scene: Scene) -> None:
    for number in range(5):
        scene.write(number)
        assert scene.after(5).oldest_seconds == 0.0
        scene.relay(1)


def test_a_database_that_is_gone_is_told_and_what_was_seen_stays(scene: Scene) -> None:
    scene.write(1)
    scene.after(0)
    scene.outbox.outbox.drop(scene.database.engine)
    assert scene.after(10).is_reachable
    lost = scene.after(10)
    assert (lost.is_reachable, lost.rows) == (False, 1)
    page = exposition().decode()
    assert 'banyan_database_up{service="watched"} 0.0' in page
    assert 'banyan_outbox_oldest_seconds{service="watched"} 20.0' in page


def test_a_look_that_never_ends_does_not_look_well(scene: Scene) -> None:
    scene.after(0)
    scene.now += 16
    state = outbox_state("watched")
    assert state is not None
    assert not state.is_reachable
