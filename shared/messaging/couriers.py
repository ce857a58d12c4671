"""Where a message goes that could not be handled: back after a while, or into the dead-letter queue."""

import itertools
from typing import Any, Protocol

from eventlet.event import Event
from eventlet.semaphore import Semaphore

from shared.kernel.faults import Unavailable
from shared.messaging.memory import Broker
from shared.messaging.settings import BusSettings
from shared.messaging.topology import retry_exchange
from shared.messaging.wire import ATTEMPT, DEAD_EXCHANGE, ERROR

_CONFIRM_SECONDS = 10
_MAX_ERROR = 2_000  # headers must stay below one frame
_COPIES = ("CC", "BCC")  # the broker would put copies into the queues they name


class Courier(Protocol):
    """Sends a failed event on; returns only when it is safe to acknowledge the original."""

    def retry(self, message: Any, queue: str, attempt: int, error: str) -> bool:  # noqa: ANN401 - kombu's message
        """Have the event delivered again as its `attempt`-th repetition; False when it has had its chances."""
        ...

    def park(self, message: Any, queue: str, error: str) -> None:  # noqa: ANN401 - kombu's message
        """Put the event into the dead-letter queue of `queue`, with the error in its headers."""
        ...


class BrokerCourier:
    """Publishes on a confirmed channel of the consumer's connection; the consumer's thread reads the confirms."""

    def __init__(self, channel: Any, settings: BusSettings) -> None:  # noqa: ANN401 - an amqp channel
        self._channel = channel
        self._delays = settings.retry_seconds
        self._numbers = itertools.count(1)
        self._order = Semaphore()
        self._waiting: dict[int, Event] = {}
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda tag, multiple: self._confirmed(tag, multiple, good=True))
        channel.events["basic_nack"].add(lambda tag, multiple: self._confirmed(tag, multiple, good=False))

    def retry(self, message: Any, queue: str, attempt: int, error: str) -> bool:  # noqa: ANN401 - kombu's message
        """Publish to the waiting queue of this attempt."""
        if attempt > len(self._delays):
            return False
        self._send(message, retry_exchange(self._delays[attempt - 1]), queue, {ATTEMPT: attempt, ERROR: error})
        return True

    def park(self, message: Any, queue: str, error: str) -> None:  # noqa: ANN401 - kombu's message
        """Publish to the dead-letter exchange."""
        self._send(message, DEAD_EXCHANGE, f"dead.{queue}", {ERROR: error})

    def _send(self, message: Any, exchange: str, routing_key: str, added: dict[str, Any]) -> None:  # noqa: ANN401 - kombu is untyped
        confirmed = Event()
        copy = _copy_of(message, self._channel, added)
        with self._order:
            number = next(self._numbers)
            self._waiting[number] = confirmed
            self._channel.basic_publish(copy, exchange=exchange, routing_key=routing_key)
        if not confirmed.wait(_CONFIRM_SECONDS):
            self._waiting.pop(number, None)
            raise Unavailable(f"the broker did not take over a failed event for {routing_key}")

    def _confirmed(self, tag: int, multiple: bool, *, good: bool) -> None:
        numbers = [number for number in self._waiting if number <= tag] if multiple else [tag]
        for number in numbers:
            if event := self._waiting.pop(number, None):
                event.send(good)


class EmbeddedCourier:
    """Delivers again at once, and parks in a list: there is no broker to wait on."""

    def __init__(self, channel: Any, settings: BusSettings, broker: Broker) -> None:  # noqa: ANN401 - kombu's channel
        self._channel = channel
        self._attempts = len(settings.retry_seconds)
        self._broker = broker

    def retry(self, message: Any, queue: str, attempt: int, error: str) -> bool:  # noqa: ANN401 - kombu's message
        """Append to the queue again."""
        if attempt > self._attempts:
            return False
        copy = _copy_of(message, self._channel, {ATTEMPT: attempt, ERROR: error})
        self._channel.basic_publish(copy, exchange="", routing_key=queue)
        return True

    def park(self, message: Any, queue: str, error: str) -> None:  # noqa: ANN401, ARG002 - the port's signature
        """Note what was given up."""
        self._broker.parked.append((queue, error))


def _copy_of(message: Any, channel: Any, added: dict[str, Any]) -> Any:  # noqa: ANN401 - kombu is untyped
    if ERROR in added:
        added[ERROR] = added[ERROR][:_MAX_ERROR]
    kept = ("correlation_id", "reply_to", "message_id", "type")
    properties = {name: message.properties[name] for name in kept if name in message.properties}
    body = message.body.encode() if isinstance(message.body, str) else message.body  # py-amqp's "" of an empty one
    return channel.prepare_message(
        body,
        content_type=message.content_type,
        content_encoding=message.content_encoding,
        headers={name: value for name, value in message.headers.items() if name not in _COPIES} | added,
        properties=properties | {"delivery_mode": 2},
    )
