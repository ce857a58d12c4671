"""The outbox relay beside pika alone: the same messages, persistent and confirmed, into the same kind of queue."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec
import pika  # type: ignore[import-untyped]  # pika ships no types
import sqlalchemy as sa
from rich.progress import Progress

from shared.messaging.pika_publisher import PikaPublisher
from shared.messaging.relay import OutboxSource, Relay
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox
from tests.bench.figures import Aim, Figure, median, rate
from tests.support.postgres import Postgres

_WINDOW = 200
_AT = datetime(2026, 3, 2, 2, tzinfo=UTC)


class Told(msgspec.Struct, frozen=True):
    """An event as large as that of a page of contacts."""

    contacts: list[dict[str, str]]


@dataclass(frozen=True, slots=True)
class OutboxSize:
    """Rounds, events of a round, contacts in an event."""

    rounds: int
    events: int
    contacts: int


def beside_pika(
    postgres: Postgres, amqp_url: str, progress: Progress, size: OutboxSize
) -> tuple[list[Figure], dict[str, Any]]:
    """Return events a second from the outbox and from pika alone, medians of rounds that take turns."""
    url = postgres.create_database()
    database, outbox = Database(url), Outbox(metadata := sa.MetaData())
    event = Told([{"contact_id": f"c-{n}", "customer_id": f"FJ{n:08}"} for n in range(size.contacts)])
    paces: dict[str, list[float]] = {"outbox": [], "window": [], "each": []}
    task = progress.add_task("outbox and pika, turn by turn", total=size.rounds + 1)
    try:
        metadata.create_all(database.engine)
        _queue(amqp_url)
        relay = Relay(OutboxSource("bench", database), PikaPublisher(amqp_url, "bench relay"))
        for number in range(size.rounds + 1):
            _fill(database, outbox, event, size.events, number)
            found = {
                "outbox": _drain(relay, size.events),
                "window": _in_windows(amqp_url, msgspec.json.encode(event), size.events),
                "each": _one_by_one(amqp_url, msgspec.json.encode(event), size.events // 10),
            }
            for name, pace in found.items() if number else ():  # the first round warms up
                paces[name].append(pace)
            progress.advance(task)
    finally:
        database.close()
        postgres.drop_database(url)
    ours = median(paces["outbox"])
    return [
        Figure(
            "outbox relay", "events/s", ours, "pika, 200 unconfirmed", median(paces["window"]), Aim("at least", 0.7)
        ),
        Figure("outbox relay", "events/s", ours, "pika, each confirmed before the next", median(paces["each"])),
    ], {"paces": paces, "bytes": len(msgspec.json.encode(event))}


def _queue(amqp_url: str) -> None:
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        channel.exchange_declare("bench.events", "topic", durable=True)
        channel.queue_declare("bench", durable=True)
        channel.queue_bind("bench", "bench.events", "#")


def _fill(database: Database, outbox: Outbox, event: Told, count: int, number: int) -> None:
    with database.write() as connection:
        for place in range(count):
            outbox.add(connection, "told", event, at=_AT, key=f"{number}-{place}")


def _drain(relay: Relay, count: int) -> float:
    began, moved = time.perf_counter(), 0
    while found := relay.pump():
        moved += found
    if moved != count:
        raise RuntimeError(f"{moved} events were moved instead of {count}")
    return rate(moved, time.perf_counter() - began)


def _in_windows(amqp_url: str, body: bytes, count: int) -> float:
    """Publish with at most 200 unconfirmed: the quickest way pika has that knows of each message."""
    state = {"sent": 0, "confirmed": 0}
    began = 0.0

    def opened(channel: Any) -> None:
        nonlocal began
        channel.confirm_delivery(lambda frame: confirmed(channel, frame.method))
        began = time.perf_counter()
        send(channel)

    def send(channel: Any) -> None:
        while state["sent"] < count and state["sent"] - state["confirmed"] < _WINDOW:
            state["sent"] += 1
            channel.basic_publish("bench.events", "told", body, _properties(str(state["sent"])))

    def confirmed(channel: Any, method: Any) -> None:
        state["confirmed"] = method.delivery_tag if method.multiple else state["confirmed"] + 1
        if state["confirmed"] == count:
            connection.ioloop.stop()
        else:
            send(channel)

    connection = pika.SelectConnection(
        pika.URLParameters(amqp_url), on_open_callback=lambda line: line.channel(on_open_callback=opened)
    )
    connection.ioloop.start()
    seconds = time.perf_counter() - began
    connection.add_on_close_callback(lambda *_: connection.ioloop.stop())
    connection.close()
    connection.ioloop.start()
    return rate(count, seconds)


def _one_by_one(amqp_url: str, body: bytes, count: int) -> float:
    with pika.BlockingConnection(pika.URLParameters(amqp_url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        began = time.perf_counter()
        for number in range(count):
            channel.basic_publish("bench.events", "told", body, _properties(str(number)), mandatory=True)
        return rate(count, time.perf_counter() - began)


def _properties(number: str) -> Any:
    return pika.BasicProperties(
        content_type="application/json",
        content_encoding="utf-8",
        delivery_mode=2,
        message_id=number,
        headers={"banyan.event_id": number, "banyan.correlation_id": number},
    )
