"""Parked messages: look at them, send them back where they came from, or drop them."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import NotAllowed, NotFound, Unavailable
from shared.messaging import wire
from shared.messaging.tls import pika_parameters

PREFIX = "dead."
_REQUESTS = "rpc-"
_NOT_SENT_AGAIN = (wire.ATTEMPT, wire.ERROR, "x-death", "CC", "BCC")
"""The last two would have the broker put copies, with our rights, into whatever queues the sender named."""


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One parked message: where it failed, why, and what it says."""

    message_id: str
    queue: str
    error: str
    attempts: int
    body: str


def show(amqp_url: str, queue: str, limit: int = 20) -> list[DeadLetter]:
    """Return the oldest parked messages of a queue and leave them there."""
    with _channel(amqp_url) as channel:
        found = [_letter(queue, *taken) for taken in _take(channel, queue, limit)]
        channel.basic_nack(0, multiple=True, requeue=True)
    return found


def replay(amqp_url: str, queue: str, limit: int = 1000) -> int:
    """Send parked messages back to their queue with a fresh count of attempts; returns how many.

    Each is taken off only after the broker has it in its queue again. Raises NotAllowed for a queue of requests: nobody
    waits for their answers, and a stranger's request must not be sent with the rights of whoever replays.
    """
    if queue.startswith(_REQUESTS):
        message = f"{queue} holds requests: their senders ask again, nobody else does. See why (show), then drop them"
        raise NotAllowed(message, details={"queue": queue})
    return _each(amqp_url, queue, limit, lambda channel, properties, body: _resend(channel, queue, properties, body))


def drop(amqp_url: str, queue: str, limit: int = 1000) -> int:
    """Delete the oldest parked messages of a queue; returns how many."""
    return _each(amqp_url, queue, limit, lambda *_: None)


def _each(amqp_url: str, queue: str, limit: int, action: Callable[[Any, Any, bytes], None]) -> int:
    done = 0
    with _channel(amqp_url) as channel:
        channel.confirm_delivery()
        for method, properties, body in _take(channel, queue, limit):
            action(channel, properties, body)
            channel.basic_ack(method.delivery_tag)
            done += 1
    return done


def _resend(channel: Any, queue: str, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
    headers = dict(properties.headers or {})
    for name in _NOT_SENT_AGAIN:
        headers.pop(name, None)
    properties.headers, properties.user_id = headers, None  # the broker takes no user's name but our own
    channel.basic_publish("", queue, body, properties, mandatory=True)


def _take(channel: Any, queue: str, limit: int) -> Iterator[tuple[Any, Any, bytes]]:  # noqa: ANN401 - pika is untyped
    for _ in range(limit):
        method, properties, body = channel.basic_get(PREFIX + queue)
        if method is None:
            return
        yield method, properties, body


def _letter(queue: str, _method: object, properties: Any, body: bytes) -> DeadLetter:  # noqa: ANN401 - pika is untyped
    headers = properties.headers or {}
    deaths = headers.get("x-death") or [{}]
    return DeadLetter(
        message_id=properties.message_id or headers.get(wire.EVENT_ID) or properties.correlation_id or "",
        queue=queue,
        error=headers.get(wire.ERROR) or str(deaths[0].get("reason", "unknown")),
        attempts=wire.attempts(headers) + 1,
        body=body.decode(errors="replace"),
    )


@contextmanager
def _channel(amqp_url: str) -> Iterator[Any]:
    try:
        connection = pika.BlockingConnection(pika_parameters(amqp_url))
    except (pika.exceptions.AMQPError, OSError) as fault:
        raise Unavailable(f"the bus cannot be reached: {fault!r}") from None
    try:
        yield connection.channel()
    except pika.exceptions.ChannelClosedByBroker as fault:
        if fault.reply_code == 404:  # noqa: PLR2004 - NOT_FOUND
            message = f"there is no such queue, `banyan dead-letters list` names them: {fault.reply_text}"
            raise NotFound(message, details={"kind": "queue"}) from None
        raise Unavailable(f"the broker refused: {fault.reply_text}") from None
    except pika.exceptions.UnroutableError:
        raise NotFound("the queue to replay into does not exist", details={"kind": "queue"}) from None
    finally:
        if connection.is_open:
            connection.close()
