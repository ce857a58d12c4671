"""A reader whose queue is full holds up no event of another type, and loses none of its own."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from shared.messaging.relay import OutboxSource, OutgoingEvent, Relay
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox

AT = datetime(2026, 3, 2, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    number: int


class Bus:
    """Takes over everything but events of the types that a full queue rejects."""

    def __init__(self) -> None:
        self.full: set[str] = set()
        self.taken: list[str] = []
        self.asked = 0

    def publish(self, events: Sequence[OutgoingEvent]) -> set[int]:
        self.asked += len(events)
        refused = {place for place, event in enumerate(events) if event.routing_key in self.full}
        self.taken += [event.routing_key for place, event in enumerate(events) if place not in refused]
        return refused


def test_refused_events_wait_with_their_type_and_go_out_when_there_is_room(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/outbox.sqlite")
    outbox = Outbox(metadata := sa.MetaData())
    metadata.create_all(database.engine)
    with database.write() as connection:
        for number in range(40):
            kind = "sent" if number % 2 else "failed"
            outbox.add(connection, kind, Told(number), at=AT, key=str(number))
    bus, clock = Bus(), [0.0]
    relay = Relay(OutboxSource("channels", database), bus, now=lambda: clock[0])
    bus.full = {"sent"}

    moved = [relay.pump(4) for _ in range(12)]
    assert bus.taken == ["failed"] * 20
    assert sum(moved) == 20
    assert bus.asked < 20 + 8  # those that wait are not asked for again and again

    clock[0] += 6
    bus.full = set()
    while relay.pump(4):
        pass
    assert bus.taken == ["failed"] * 20 + ["sent"] * 20
    with database.read() as connection:
        assert outbox.pending(connection) == 0
    database.close()


def test_while_all_that_waits_was_refused_the_outbox_is_not_read_again_and_again(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/outbox.sqlite")
    outbox = Outbox(metadata := sa.MetaData())
    metadata.create_all(database.engine)
    with database.write() as connection:
        outbox.add(connection, "sent", Told(1), at=AT, key="1")
    bus, clock, looks = Bus(), [0.0], [0]
    relay = Relay(OutboxSource("channels", database), bus, now=lambda: clock[0])
    bus.full = {"sent"}
    relay.pump()

    @sa.event.listens_for(database.engine, "before_cursor_execute")
    def count(*_: object) -> None:
        looks[0] += 1

    assert [relay.pump() for _ in range(50)] == [0] * 50
    assert looks == [1]
    with database.write() as connection:
        outbox.add(connection, "failed", Told(2), at=AT, key="2")
    clock[0] += 1
    assert relay.pump() == 1
    assert bus.taken == ["failed"]  # another type goes out within a second, though its neighbour still waits
    database.close()
