"""How many messages wait in which queue and how many consumers it has, over AMQP alone: of queues known by name."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import Unavailable
from shared.messaging.settings import BusSettings
from shared.messaging.tls import pika_parameters

_SECONDS = 5.0


class QueueDepth(msgspec.Struct, frozen=True, kw_only=True):
    """One queue. Over AMQP `messages` are those that wait; the management's also count those being worked on."""

    name: str
    messages: int
    consumers: int


def depths_over_amqp(settings: BusSettings, names: Sequence[str]) -> list[QueueDepth]:
    """Return those of the named queues that exist, in their order; raises Unavailable."""
    parameters = pika_parameters(settings.amqp_url)
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = _SECONDS
    parameters.client_properties = {"connection_name": "queue depths"}
    try:
        connection = pika.BlockingConnection(parameters)
    except (pika.exceptions.AMQPError, OSError) as fault:
        raise Unavailable(f"the bus cannot be reached: {fault!r}") from None
    try:
        return _declared(connection, names)
    except pika.exceptions.AMQPError as fault:
        raise Unavailable(f"the broker refused: {fault!r}") from None
    finally:
        if connection.is_open:
            connection.close()


def _declared(connection: Any, names: Sequence[str]) -> list[QueueDepth]:  # noqa: ANN401 - pika is untyped
    found = []
    channel = connection.channel()
    for name in names:
        try:
            told = channel.queue_declare(name, passive=True).method
        except pika.exceptions.ChannelClosedByBroker:  # there is no such queue; the channel is gone with the question
            channel = connection.channel()
        else:
            found.append(QueueDepth(name=name, messages=told.message_count, consumers=told.consumer_count))
    return found
