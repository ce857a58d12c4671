"""Integrators that take events slowly, never, or into a queue that is full: nobody else may notice."""

import threading
import time
from typing import Any

import pika

from tests.chaos.events import applied, tell
from tests.chaos.town import Town

_NOTHING = '{"contacts":[]}'
_EVENTS = 3_000
_SHORT = 100
_WAIT_SECONDS = 300.0
_QUEUES: dict[str, dict[str, Any]] = {
    "chaos-slow": {},
    "chaos-never": {},
    "chaos-full": {"x-max-length": _SHORT},
    "chaos-full-refusing": {"x-max-length": _SHORT, "x-overflow": "reject-publish"},
}
"""Queues as integrators may declare them."""


def consume_slowly(town: Town) -> None:
    """Measure how long events take to be applied and calls to be answered, without and with bad consumers."""
    alone = _apply(town, "brisk")
    quiet = town.prober.longest_round(time.monotonic() - town.plan.slow_seconds)
    with pika.BlockingConnection(pika.URLParameters(town.deployment.amqp_url)) as connection:
        channel = connection.channel()
        for name, arguments in _QUEUES.items():
            channel.queue_declare(name, durable=True, arguments=arguments)
            channel.queue_bind(name, "channels.events", "#")
        channel.basic_qos(prefetch_count=100)
        channel.basic_consume("chaos-never", lambda *_: None)
        stop = threading.Event()
        reader = threading.Thread(target=_read_slowly, args=(town, stop), daemon=True)
        reader.start()
        since = time.monotonic()
        among = _apply(town, "slowed")
        while time.monotonic() < since + town.plan.slow_seconds:
            connection.process_data_events(0.5)
        slowest = town.prober.longest_round(since)
        stop.set()
        reader.join()
        held = {name: channel.queue_declare(name, passive=True).method.message_count for name in _QUEUES}
        for name in _QUEUES:
            channel.queue_delete(name)
    town.account.note(f"{_EVENTS} events applied alone / beside bad consumers", f"{alone:.1f} s / {among:.1f} s")
    town.account.note("slowest round of questions", f"{quiet:.2f} s / {slowest:.2f} s")
    town.account.note("left in the bad queues", ", ".join(f"{name} {count}" for name, count in held.items()))
    town.account.require(held["chaos-full"] == _SHORT, "a queue at its limit does not hold its limit")
    town.await_recovery(since, "bad consumers")
    town.await_calm("bad consumers")


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
    waiting = town.deployment.query("channels", "SELECT count(*) FROM outbox")[0][0]
    town.account.require(waiting == 0, f"{waiting} events are held up in the outbox ({mark})")
    return time.monotonic() - begun


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
