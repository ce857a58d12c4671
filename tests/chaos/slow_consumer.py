"""Integrators that take events slowly, never, or into a queue that is full: nobody else may notice, nothing is lost."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pika

from shared.messaging.wire import DEAD_EXCHANGE
from tests.chaos.events import applied, tell
from tests.chaos.town import Town

_NOTHING = '{"contacts":[]}'
_EVENTS = 1_000
_SHORT = 100
_REFUSED = "chaos_refused"
_REFUSED_EVENTS = 150
_WAIT_SECONDS = 300.0
_REFUSING, _BOUNDED = "chaos-refusing", "chaos-bounded"
_PARKED = f"dead.{_BOUNDED}"
_PARKING = {"x-dead-letter-exchange": DEAD_EXCHANGE, "x-dead-letter-routing-key": _PARKED}
_QUEUES: dict[str, tuple[str, dict[str, Any]]] = {
    "chaos-slow": ("#", {}),
    "chaos-never": ("#", {}),
    _PARKED: ("", {}),
    _BOUNDED: ("#", {"x-max-length": _SHORT, "x-overflow": "drop-head", **_PARKING}),
    _REFUSING: (_REFUSED, {"x-max-length": _SHORT, "x-overflow": "reject-publish"}),
}
"""Queues by name: what they are bound to and declared with; the bounded one as our definitions make integrators'."""


def consume_slowly(town: Town) -> None:
    """Measure how long events take to be applied and calls to be answered, without and with bad consumers."""
    alone = _apply(town, "brisk")
    quiet = town.prober.longest_round(time.monotonic() - town.plan.slow_seconds)
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        _declare(channel)
        channel.basic_qos(prefetch_count=100)
        channel.basic_consume("chaos-never", lambda *_: None)
        since = time.monotonic()
        with _slow_reader(town):
            tell(town, "channels", _REFUSED, _NOTHING, "refused", _REFUSED_EVENTS)
            among = _apply(town, "slowed")
            while time.monotonic() < since + town.plan.slow_seconds:
                connection.process_data_events(0.5)
        slowest = town.prober.longest_round(since)
    town.account.note(f"{_EVENTS} events applied alone / beside bad consumers", f"{alone:.1f} s / {among:.1f} s")
    town.account.note("slowest round of questions", f"{quiet:.2f} s / {slowest:.2f} s")
    town.await_recovery(since, "bad consumers")
    _look_at_refused(town)
    _look_at_dropped(town)
    _delete(town)
    town.await_calm("bad consumers")


def _declare(channel: Any) -> None:
    channel.exchange_declare(DEAD_EXCHANGE, "direct", durable=True)
    for name, (key, arguments) in _QUEUES.items():
        channel.queue_declare(name, durable=True, arguments=arguments)
        if key:
            channel.queue_bind(name, "channels.events", key)
    channel.queue_bind(_PARKED, DEAD_EXCHANGE, _PARKED)


def _delete(town: Town) -> None:
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        for name in _QUEUES:
            connection.channel().queue_delete(name)


def _apply(town: Town, mark: str) -> float:
    """Tell events and return how many seconds it took until both consumers had applied all."""
    begun = time.monotonic()
    tell(town, "channels", "contacts_sent", _NOTHING, mark, _EVENTS)
    while time.monotonic() < begun + _WAIT_SECONDS:
        if all(applied(town, service, mark) == _EVENTS for service in ("governance", "campaigns")):
            break
        time.sleep(0.2)
    else:
        town.account.breach(f"{_EVENTS} events were not applied within {_WAIT_SECONDS:.0f} s ({mark})")
    waiting = _waiting(town, "<>")
    town.account.require(waiting == 0, f"{waiting} events are held up in the outbox ({mark})")
    return time.monotonic() - begun


def _waiting(town: Town, which: str) -> int:
    """Count events in the outbox of channels: refused ones ("=") or all others ("<>")."""
    statement = f"SELECT count(*) FROM outbox WHERE event_type {which} '{_REFUSED}'"  # noqa: S608 - words of our own
    return int(str(town.deployment.query("channels", statement)[0][0]))


@contextmanager
def _slow_reader(town: Town) -> Iterator[None]:
    stop = threading.Event()
    reader = threading.Thread(target=_read_slowly, args=(town, stop), daemon=True)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()


def _read_slowly(town: Town, stop: threading.Event) -> None:
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=5)
        for method, *_ in channel.consume("chaos-slow", inactivity_timeout=0.2):
            if stop.is_set():
                break
            if method is not None:
                time.sleep(0.3)
                channel.basic_ack(method.delivery_tag)
        channel.cancel()


def _look_at_refused(town: Town) -> None:
    """Read the queue that refused: its limit lay in it, the rest in the outbox, and every event comes."""
    held = _waiting(town, "=")
    town.account.require(held, "nothing was refused, so nothing is shown")
    seen: Counter[str] = Counter()
    deadline = time.monotonic() + 60
    while (len(seen) < _REFUSED_EVENTS or _waiting(town, "=")) and time.monotonic() < deadline:
        seen += _taken(town, _REFUSING)
        time.sleep(0.2)
    seen += _taken(town, _REFUSING)
    again = seen.total() - len(seen)
    town.account.note("refused by a full queue", f"{held} kept in the outbox; read then: {len(seen)}, {again} twice")
    town.account.require(len(seen) == _REFUSED_EVENTS, f"{_REFUSED_EVENTS - len(seen)} refused events were lost")


def _look_at_dropped(town: Town) -> None:
    """Require that what the bounded queue could not hold lies in its dead letters, with the broker's reason."""
    reasons: Counter[str] = Counter()
    kept, parked = _taken(town, _BOUNDED), _taken(town, _PARKED, reasons)
    told = ", ".join(f"{reason} {count}" for reason, count in reasons.items())
    town.account.note("in a bounded queue, in its dead letters", f"{kept.total()}, {parked.total()} ({told})")
    town.account.require(set(reasons) == {"maxlen"}, f"dead letters of a bounded queue say why: {told}")
    wanted = {f"slowed-{number}" for number in range(1, _EVENTS + 1)}
    lost = wanted - kept.keys() - parked.keys()
    town.account.require(not lost, f"{len(lost)} events of a bounded queue were lost")


def _taken(town: Town, queue: str, reasons: Counter[str] | None = None) -> Counter[str]:
    """Take all that a queue holds; returns ids of events, and counts why each was parked."""
    ids: Counter[str] = Counter()
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        while True:
            method, properties, _ = channel.basic_get(queue, auto_ack=True)
            if method is None:
                return ids
            ids[str(properties.message_id)] += 1
            if reasons is not None:
                reasons[(properties.headers or {})["x-death"][0]["reason"]] += 1
