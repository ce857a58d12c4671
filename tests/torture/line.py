"""A client's connection: requests out, answers in, lost and found again. pika and the standard library alone."""

import time
from collections.abc import Callable

import pika  # type: ignore[import-untyped]  # pika ships no types
from pika.exceptions import AMQPError  # type: ignore[import-untyped]  # pika ships no types

_EXCHANGE = "nameko-rpc"
_EVENTS = "channels.events"
_PAUSE, _LONGEST = 0.2, 2.0


class Lost(Exception):  # noqa: N818 - it is nobody's error that a broker is restarted
    """The connection is gone: connect again, and send again what was not answered."""


class Line:
    """One connection with a mailbox of its own; belongs to one thread."""

    def __init__(self, url: str, take: Callable[[str, bytes], None]) -> None:
        """Prepare it; `take` gets the correlation id and body of each answer."""
        self._parameters = pika.URLParameters(url)
        self._parameters.heartbeat = 30
        self._parameters.socket_timeout = self._parameters.blocked_connection_timeout = 10
        self._take = take

    def connect(self) -> None:
        """Connect, however long it takes."""
        pause = _PAUSE
        while True:
            try:
                return self._open()
            except (AMQPError, OSError):
                time.sleep(pause)
                pause = min(pause * 2, _LONGEST)

    def _open(self) -> None:
        self._connection = pika.BlockingConnection(self._parameters)
        self._channel = self._connection.channel()
        self._channel.exchange_declare(_EXCHANGE, "topic", durable=True)
        self._mailbox = self._channel.queue_declare("", exclusive=True, auto_delete=True).method.queue
        self._channel.queue_bind(self._mailbox, _EXCHANGE, routing_key=self._mailbox)
        self._channel.basic_consume(
            self._mailbox, lambda _, __, properties, body: self._take(properties.correlation_id, body), auto_ack=True
        )
        self._confirmed = self._connection.channel()
        self._confirmed.exchange_declare(_EVENTS, "topic", durable=True)
        self._confirmed.confirm_delivery()

    def ask(self, service: str, method: str, number: str, body: bytes) -> None:
        """Send a request; raises Lost."""
        properties = pika.BasicProperties(
            content_type="application/json", delivery_mode=2, reply_to=self._mailbox, correlation_id=number
        )
        try:
            self._channel.basic_publish(_EXCHANGE, f"{service}.{method}", body, properties)
        except (AMQPError, OSError) as fault:
            raise Lost from fault

    def tell(self, event_type: str, event_id: str, body: bytes) -> None:
        """Publish an event and wait until the broker has taken it over; raises Lost when it may not have."""
        properties = pika.BasicProperties(
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=2,
            message_id=event_id,
            headers={"banyan.event_id": event_id},
        )
        try:
            self._confirmed.basic_publish(_EVENTS, event_type, body, properties, mandatory=True)
        except (AMQPError, OSError) as fault:
            raise Lost from fault

    def listen(self, seconds: float) -> None:
        """Take in answers for a moment; raises Lost."""
        try:
            self._connection.process_data_events(seconds)
        except (AMQPError, OSError) as fault:
            raise Lost from fault
