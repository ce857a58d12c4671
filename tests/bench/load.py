"""A pika client that keeps a number of RPC calls in flight and notes how long each one took."""

import itertools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.messaging import wire

IN_FLIGHT = 64
_STALL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Call:
    """`service.method` with its encoded arguments."""

    routing_key: str
    body: bytes

    @classmethod
    def to(cls, service: str, method: str, arguments: object) -> "Call":
        """Write a call down beforehand, so that encoding is not part of what is measured."""
        return cls(f"{service}.{method}", wire.encode_request(arguments))


@dataclass(frozen=True, slots=True)
class Burst:
    """What came of many calls: wall time and each call's own time in seconds, replies in the order of the calls."""

    seconds: float
    latencies: list[float]
    replies: list[bytes]

    def results(self) -> list[Any]:
        """Return the decoded results; raises the first fault a service reported."""
        return [wire.decode_reply(reply, object) for reply in self.replies]


class Load:
    """One connection without threads: everything happens inside `burst`."""

    def __init__(self, amqp_url: str) -> None:
        """Connect and open a reply queue."""
        parameters = pika.URLParameters(amqp_url)
        parameters.heartbeat = 0  # between bursts nobody serves the connection
        self._reply_to = str(uuid4())
        self._numbers = itertools.count()
        self._channel: Any = None
        self._answer: Callable[[Any, bytes], None] | None = None
        self._fault: str | None = None
        self._connection = pika.SelectConnection(
            parameters,
            on_open_callback=lambda connection: connection.channel(on_open_callback=self._opened),
            on_open_error_callback=lambda _, fault: self._failed(repr(fault)),
            on_close_callback=lambda _, reason: self._failed(str(reason)),
        )
        self._loop()

    def burst(self, calls: Sequence[Call], in_flight: int = IN_FLIGHT) -> Burst:
        """Make all calls, at most `in_flight` at a time; raises RuntimeError when answers stop coming."""
        sent, took = [0.0] * len(calls), [0.0] * len(calls)
        replies = [b""] * len(calls)
        first = next(self._numbers) << 32  # a late answer to an earlier burst is none to this one
        waiting, left = iter(range(len(calls))), len(calls)

        def ask() -> None:
            if (place := next(waiting, None)) is not None:
                sent[place] = time.perf_counter()
                self._publish(calls[place], str(first + place))

        def answer(properties: Any, body: bytes) -> None:
            nonlocal left
            place = int(properties.correlation_id) - first
            if not 0 <= place < len(calls):
                return
            took[place], replies[place] = time.perf_counter() - sent[place], body
            left -= 1
            ask()
            if not left:
                self._connection.ioloop.stop()

        self._answer = answer
        began = time.perf_counter()
        for _ in range(min(in_flight, len(calls))):
            ask()
        self._loop(lambda: len(calls) - left)
        return Burst(time.perf_counter() - began, took, replies)

    def close(self) -> None:
        """Hang up."""
        if self._connection.is_open:
            self._fault = "closed"
            self._connection.close()
            self._connection.ioloop.start()

    def _loop(self, progress: Callable[[], int] = lambda: 0) -> None:
        """Serve the connection until somebody stops the loop; raises RuntimeError when nothing moves any more."""
        loop, seen = self._connection.ioloop, -1
        timer: object = None

        def watch() -> None:
            nonlocal seen, timer
            now = progress()
            if now == seen:
                self._failed(f"no answer for {_STALL_SECONDS:g} s, {now} had come before")
            seen, timer = now, loop.call_later(_STALL_SECONDS, watch)

        timer = loop.call_later(_STALL_SECONDS, watch)
        loop.start()
        loop.remove_timeout(timer)
        if self._fault is not None:
            raise RuntimeError(self._fault)

    def _publish(self, call: Call, number: str) -> None:
        properties = pika.BasicProperties(
            content_type=wire.JSON_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            reply_to=self._reply_to,
            correlation_id=number,
        )
        self._channel.basic_publish(wire.RPC_EXCHANGE, call.routing_key, call.body, properties)

    def _opened(self, channel: Any) -> None:
        self._channel = channel
        name = f"rpc.reply-{self._reply_to}"
        channel.exchange_declare(wire.RPC_EXCHANGE, "topic", durable=True)
        channel.queue_declare(name, exclusive=True, auto_delete=True)
        channel.queue_bind(name, wire.RPC_EXCHANGE, self._reply_to)
        ready = lambda _: self._connection.ioloop.stop()  # noqa: E731 - pika's callback
        channel.basic_consume(name, self._answered, auto_ack=True, callback=ready)

    def _answered(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:
        if self._answer is not None:
            self._answer(properties, body)

    def _failed(self, reason: str) -> None:
        self._fault = self._fault or reason
        self._connection.ioloop.stop()
