"""Streams on RabbitMQ: messages stay where they are, each at its offset, and a reader says where to begin.

A stream `<name>` is the queue `feed.<name>`, bound to the topic exchange `banyan.feeds` by the key `<name>`.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any, Self

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import Unavailable
from shared.messaging.tls import pika_parameters

FEED_EXCHANGE = "banyan.feeds"
STREAM_ARGUMENTS = {
    "x-queue-type": "stream",
    "x-max-length-bytes": 2_000_000_000,
    "x-stream-max-segment-size-bytes": 50_000_000,
}
_PREFETCH = 1_000
_LOOK_SECONDS = 0.2
_BLOCKED_SECONDS = 30
_LOST = (pika.exceptions.AMQPError, OSError)


def stream_queue(name: str) -> str:
    """Return the queue of a stream."""
    return f"feed.{name}"


def declare_stream(channel: Any, name: str) -> str:  # noqa: ANN401 - pika ships no types
    """Declare a stream with its exchange and binding, if they are not there; return the queue."""
    queue = stream_queue(name)
    channel.exchange_declare(FEED_EXCHANGE, "topic", durable=True)
    channel.queue_declare(queue, durable=True, arguments=STREAM_ARGUMENTS)
    channel.queue_bind(queue, FEED_EXCHANGE, name)
    return queue


class StreamReader:
    """Reads one stream over a connection of its own; belongs to one thread. Raises Unavailable."""

    def __init__(self, url: str, name: str, *, is_stopped: Callable[[], bool], idle_seconds: float | None) -> None:
        self.name = stream_queue(name)
        self._is_stopped, self._idle = is_stopped, idle_seconds
        self._last_tag = 0
        parameters = pika_parameters(url)
        parameters.blocked_connection_timeout = _BLOCKED_SECONDS
        parameters.client_properties = {"connection_name": f"banyan feeds follow {name}"}
        self._connection: Any = None
        try:
            self._connection = pika.BlockingConnection(parameters)
            self._channel = self._connection.channel()
            declare_stream(self._channel, name)
            self._channel.basic_qos(prefetch_count=_PREFETCH)
        except _LOST as fault:
            self.close()
            raise Unavailable(f"the bus cannot be reached: {fault!r}") from None

    def batches(self, reached: int, most: int) -> Iterator[list[tuple[int, bytes]]]:
        """Yield (offset, body) of what lies behind an offset (-1: everything), up to `most` at a time, as it comes.

        Ends when stopped, or after `idle_seconds` without a message.
        """
        waiting: list[tuple[int, bytes]] = []
        heard = time.monotonic()
        try:
            for method, properties, body in self._consume(reached):
                if method is not None:
                    heard, self._last_tag = time.monotonic(), method.delivery_tag
                    offset = int(properties.headers["x-stream-offset"])
                    if offset > reached:
                        waiting.append((offset, body))
                    else:  # a stream is read from the beginning of a chunk of messages
                        self._channel.basic_ack(self._last_tag)
                if waiting and (method is None or len(waiting) >= min(most, _PREFETCH)):
                    yield waiting
                    waiting = []
                if self._is_stopped() or (self._idle is not None and time.monotonic() - heard > self._idle):
                    break
        except _LOST as fault:
            raise Unavailable(f"the connection to the bus was lost: {fault!r}") from None

    def acknowledge(self) -> None:
        """Tell the broker that all messages handed out have been dealt with, so that it sends more."""
        try:
            if self._last_tag:
                self._channel.basic_ack(self._last_tag, multiple=True)
        except _LOST as fault:
            raise Unavailable(f"the connection to the bus was lost: {fault!r}") from None

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None and self._connection.is_open:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _consume(self, reached: int) -> Iterator[tuple[Any, Any, bytes]]:
        start = {"x-stream-offset": reached + 1 if reached >= 0 else "first"}
        found: Iterator[tuple[Any, Any, bytes]] = self._channel.consume(
            self.name, arguments=start, inactivity_timeout=_LOOK_SECONDS
        )
        return found
