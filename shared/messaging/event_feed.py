"""Events for an integrator: a durable queue of its own, read with acknowledgement by hand."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

import msgspec
import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import Unavailable
from shared.messaging import wire
from shared.messaging.tls import pika_parameters

_PREFETCH = 200
_FOREVER = 3600.0


@dataclass(frozen=True, slots=True)
class ArrivedEvent:
    """One event: its id (the same again on redelivery) and body as builtins; `ack` when it is dealt with."""

    event_id: str
    event_type: str
    body: Any
    ack: Callable[[], None]


class EventFeed:
    """An iterator of ArrivedEvent over its own connection; belongs to one thread.

    Ends after `idle_seconds` without an event, or never. What was not acknowledged comes again.
    """

    def __init__(self, url: str, source: str, event_type: str, queue: str, idle_seconds: float | None) -> None:
        self._queue, self._idle = queue, idle_seconds
        try:
            self._connection = pika.BlockingConnection(pika_parameters(url))
        except (pika.exceptions.AMQPError, OSError) as fault:
            raise Unavailable(f"the bus cannot be reached: {fault!r}") from None
        self._channel = self._connection.channel()
        self._channel.exchange_declare(f"{source}.events", "topic", durable=True)
        self._channel.queue_declare(queue, durable=True)
        self._channel.queue_bind(queue, f"{source}.events", event_type)
        self._channel.basic_qos(prefetch_count=_PREFETCH)

    def __iter__(self) -> Iterator[ArrivedEvent]:
        idle = _FOREVER if self._idle is None else self._idle
        try:
            for method, properties, body in self._channel.consume(self._queue, inactivity_timeout=idle):
                if method is not None:
                    ack = partial(self._channel.basic_ack, method.delivery_tag)
                    event_id = (properties.headers or {}).get(wire.EVENT_ID) or properties.message_id or ""
                    yield ArrivedEvent(event_id, method.routing_key, msgspec.json.decode(body), ack)
                elif self._idle is not None:
                    return
        except pika.exceptions.AMQPError as fault:
            raise Unavailable(f"the connection was lost: {fault!r}") from None

    def close(self) -> None:
        """Disconnect; unacknowledged events go back to the queue."""
        if self._connection.is_open:
            self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
