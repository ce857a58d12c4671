"""Call the roll from a process without eventlet: pika alone, and an end to every wait."""

import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import msgspec
import pika  # type: ignore[import-untyped]  # pika ships no types
import pika.exceptions  # type: ignore[import-untyped]  # likewise

from shared.kernel.faults import Unavailable
from shared.messaging import wire
from shared.messaging.roll_call import ROLL_CALL, Presence
from shared.messaging.settings import BusSettings
from shared.messaging.tls import pika_parameters
from shared.messaging.topology import reply_address, rpc_queue

_CONNECT_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Roll:
    """Who answered, and how many replicas of each container listen for requests: those that did not answer are ill."""

    present: Sequence[Presence]
    replicas: Mapping[str, int]

    @property
    def absent(self) -> list[str]:
        """The containers that nobody runs, in the order they were asked for."""
        answered = {one.container for one in self.present}
        return [name for name, count in self.replicas.items() if not count and name not in answered]

    @property
    def silent(self) -> dict[str, int]:
        """How many replicas of each container hold a connection and did not answer."""
        counts = {name: count - self._answers(name) for name, count in self.replicas.items()}
        return {name: count for name, count in counts.items() if count > 0}

    def _answers(self, container: str) -> int:
        return sum(one.container == container for one in self.present)


def call_roll(settings: BusSettings, containers: Sequence[str], patience: float = 2.0) -> Roll:
    """Ask every process on the bus; wait `patience` seconds at most, and no longer than until every replica answered.

    `containers` are those that should be there. Raises Unavailable when the broker cannot be reached.
    """
    settings = settings.for_service("operator")
    parameters = pika_parameters(settings.amqp_url)
    parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = _CONNECT_SECONDS
    parameters.client_properties = {"connection_name": "roll call"}
    try:
        connection = pika.BlockingConnection(parameters)
    except (pika.exceptions.AMQPError, OSError) as fault:
        raise Unavailable(f"the bus cannot be reached: {fault!r}") from None
    try:
        replicas = {name: _consumers(connection, rpc_queue(name, settings).name) for name in containers}
        address = reply_address(parameters.credentials.username, str(uuid4()))
        return Roll(_answers(connection, address, replicas, patience), replicas)
    except pika.exceptions.ChannelClosedByBroker as fault:
        if fault.reply_code == 404:  # noqa: PLR2004 - NOT_FOUND: no service has ever run on this bus
            return Roll([], dict.fromkeys(containers, 0))
        raise Unavailable(f"the broker refused: {fault.reply_text}") from None
    except pika.exceptions.AMQPError as fault:
        raise Unavailable(f"the broker refused: {fault!r}") from None
    finally:
        if connection.is_open:
            connection.close()


def _consumers(connection: Any, queue: str) -> int:  # noqa: ANN401 - pika is untyped
    """Return how many replicas consume a queue; a passive declaration that fails closes its channel."""
    channel = connection.channel()
    try:
        found = int(channel.queue_declare(queue, passive=True).method.consumer_count)
    except pika.exceptions.ChannelClosedByBroker:
        return 0
    channel.close()
    return found


def _answers(connection: Any, reply_to: str, replicas: Mapping[str, int], patience: float) -> list[Presence]:  # noqa: ANN401 - pika is untyped
    channel = connection.channel()
    channel.queue_declare(reply_to, exclusive=True, auto_delete=True)
    channel.queue_bind(reply_to, wire.RPC_EXCHANGE, reply_to)
    answers: list[Presence] = []

    def note(_channel: object, _method: object, _properties: object, body: bytes) -> None:
        with suppress(msgspec.MsgspecError):  # of another Banyan: it counts as one that did not answer
            answers.append(msgspec.json.decode(body, type=Presence))

    channel.basic_consume(reply_to, note, auto_ack=True)
    properties = pika.BasicProperties(
        content_type=wire.JSON_TYPE, reply_to=reply_to, correlation_id=uuid4().hex, expiration=_milliseconds(patience)
    )
    channel.basic_publish(ROLL_CALL, "", b"{}", properties)
    deadline = time.monotonic() + patience
    while Roll(answers, replicas).silent or not answers:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        connection.process_data_events(time_limit=left)
    return sorted(answers, key=lambda one: (one.container, one.started_at, one.instance))


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))
