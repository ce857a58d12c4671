"""RpcCaller on kombu: many green threads share one connection and one reply queue."""

import itertools
import time
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TypeVar
from uuid import uuid4

import eventlet
import structlog
from eventlet.event import Event
from eventlet.semaphore import Semaphore

from shared.kernel.faults import Unavailable
from shared.messaging import wire
from shared.messaging.calling import DEFAULT_TIMEOUT
from shared.messaging.connections import BROKEN, open_connection
from shared.messaging.settings import BusSettings
from shared.messaging.topology import patience, reply_address
from shared.messaging.untyped import Consumer, Exchange, Queue
from shared.observability.correlation import carried
from shared.observability.tracing import step

T = TypeVar("T")
_log = structlog.get_logger(__name__)


class GreenCaller:
    """Connects at the first call and again after a loss; calls under way at a loss fail as Unavailable."""

    def __init__(self, url: str, *, name: str, settings: BusSettings | None = None) -> None:
        self._url, self._name, self._settings = url, name, settings or BusSettings()
        self._opening = Semaphore()
        self._line: _Line | None = None

    def call(
        self,
        service: str,
        method: str,
        arguments: Mapping[str, object],
        returns: type[T],
        timeout: float = DEFAULT_TIMEOUT,
    ) -> T:
        """Ask and wait; see RpcCaller."""
        body = wire.encode_request(arguments)
        with step(f"{service}.{method}", "client", {"rpc.system": "nameko", "rpc.service": service}):
            seconds = patience(service, timeout, self._settings)
            reply = self._connected().ask(f"{service}.{method}", body, seconds)
            return wire.decode_reply(reply, returns)

    def close(self) -> None:
        """Hang up."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _connected(self) -> "_Line":
        line = self._line
        if line is not None and line.is_open:
            return line
        with self._opening:
            if self._line is None or not self._line.is_open:
                try:
                    self._line = _Line(open_connection(self._url, heartbeat=self._settings.heartbeat, name=self._name))
                except BROKEN as fault:
                    raise Unavailable(f"the bus cannot be reached: {fault}") from None
            return self._line


class _Line:
    """One connection with its reply queue, read by one green thread."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - kombu is untyped
        self._connection = connection
        self._reply_to = reply_address(connection.userid, str(uuid4()))
        self._numbers = itertools.count(1)
        self._waiting: dict[str, Event] = {}
        connection.connect()
        self._channel = connection.channel()
        self._channel.events["basic_return"].add(self._returned)
        self._consumer = Consumer(self._channel, queues=[self._queue()], on_message=self._answered, no_ack=False)
        self._consumer.consume()
        self.is_open = True
        self._reader = eventlet.spawn(self._read)

    def ask(self, routing_key: str, body: bytes, seconds: float) -> bytes | str:
        """Publish a request and wait for the body of its reply."""
        number, answer = str(next(self._numbers)), Event()
        self._waiting[number] = answer
        try:
            self._publish(routing_key, body, number, seconds)
            reply = answer.wait(seconds)
        except BROKEN as fault:
            raise Unavailable(f"{routing_key} was not asked: {fault}") from None
        finally:
            self._waiting.pop(number, None)
        if reply is None:
            message = f"{routing_key} did not answer within {seconds:g} s"
            raise Unavailable(message, details={"method": routing_key, "timeout_seconds": seconds})
        return reply  # type: ignore[no-any-return]  # kombu is untyped

    def close(self) -> None:
        """Close the connection; whoever waits is told."""
        self.is_open = False
        self._reader.kill()
        self._lost("the caller was closed")

    def _publish(self, routing_key: str, body: bytes, number: str, seconds: float) -> None:
        message = self._channel.prepare_message(
            body,
            content_type=wire.JSON_TYPE,
            content_encoding="utf-8",
            headers=carried() | {wire.DEADLINE: wire.deadline(seconds)},
            properties={"reply_to": self._reply_to, "correlation_id": number, "delivery_mode": 2},
        )
        self._channel.basic_publish(message, exchange=wire.RPC_EXCHANGE, routing_key=routing_key, mandatory=True)

    def _queue(self) -> Any:  # noqa: ANN401 - kombu is untyped
        exchange = Exchange(wire.RPC_EXCHANGE, type="topic", durable=True, no_declare=True)  # callers may not
        name = "rpc.reply-" + self._reply_to.removeprefix("reply.").replace(".", "-")
        return Queue(name, exchange=exchange, routing_key=self._reply_to, exclusive=True, auto_delete=True)

    def _read(self) -> None:
        ticked = time.monotonic()
        try:
            while True:
                with suppress(TimeoutError):
                    self._connection.drain_events(timeout=1)
                if time.monotonic() - ticked >= 1:
                    ticked = time.monotonic()
                    self._connection.heartbeat_check()
        except BROKEN as fault:
            self._lost(f"the connection was lost: {fault}")

    def _lost(self, reason: str) -> None:
        self.is_open = False
        waiting, self._waiting = self._waiting, {}
        for answer in waiting.values():
            answer.send_exception(Unavailable(reason))
        try:
            self._connection.release()
        except BROKEN as fault:
            _log.info("close_failed", error=str(fault))

    def _answered(self, message: Any) -> None:  # noqa: ANN401 - kombu's message
        message.ack()
        if answer := self._waiting.pop(message.properties.get("correlation_id"), None):
            answer.send(message.body)

    def _returned(self, _fault: Any, _exchange: str, routing_key: str, message: Any) -> None:  # noqa: ANN401 - kombu is untyped
        if answer := self._waiting.pop(message.properties.get("correlation_id"), None):
            service = routing_key.split(".", maxsplit=1)[0]
            answer.send_exception(
                Unavailable(f"there is no service {service!r} on the bus", details={"service": service})
            )
