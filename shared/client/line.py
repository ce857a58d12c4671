"""Calls over one connection: requests out, replies in by a queue of our own, matched by number."""

import itertools
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types

from .codec import Codec
from .errors import BanyanError, MessageTooLarge, NotAllowed, TimedOut, Unavailable
from .link import REFUSED, Link, Loss

RPC_EXCHANGE = "nameko-rpc"
DEADLINE = "banyan.deadline"
"""Header of a request: until when its sender waits, in milliseconds since 1970 by the sender's clock."""

_REFUSED_TOPIC = re.compile(r"access to topic '([^']+)'")


@dataclass(slots=True, eq=False)
class Pending:
    """A call under way."""

    name: str
    number: str
    timeout: float
    then: Callable[[], None] | None = None
    """Called in the connection's thread when the outcome is there."""
    done: threading.Event = field(default_factory=threading.Event)
    body: bytes = b""
    error: BanyanError | None = None

    def outcome(self, codec: Codec) -> Any:  # noqa: ANN401 - whatever the method tells
        """Return the result; raises the error."""
        if self.error is not None:
            raise self.error
        return codec.decode(self.body)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a line needs to know beside its address."""

    codec: Codec
    most_bytes: int
    connect_seconds: float


class Line:
    """One connection with its reply queue; raises Unavailable or NotAllowed when it cannot be had."""

    def __init__(self, parameters: Any, name: str, limits: Limits) -> None:  # noqa: ANN401 - pika is untyped
        self.limits = limits
        self._reply_to = f"reply.{parameters.credentials.username or 'anybody'}.{uuid4()}"
        self._numbers = itertools.count(1)
        self._pending: dict[str, Pending] = {}
        self._link = Link(
            parameters, name, set_up=self._set_up, on_lost=self._lost, connect_seconds=limits.connect_seconds
        )

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._link.is_open

    def ask(
        self, service: str, method: str, arguments: Mapping[str, object], timeout: float, headers: Mapping[str, str]
    ) -> Pending:
        """Send a request; the outcome arrives in what is returned. Raises what forbids sending it."""
        body = self.encoded(service, method, arguments)
        pending = self.enlist(service, method, timeout)
        try:
            self._link.do(lambda: self.send(pending, body, headers))
        except Unavailable:
            self.forget(pending)
            raise
        return pending

    def encoded(self, service: str, method: str, arguments: Mapping[str, object]) -> bytes:
        """Write a request down; raises InvalidRequest, and MessageTooLarge with the limit under `details`."""
        body, most = self.limits.codec.encode(arguments), self.limits.most_bytes
        if len(body) > most:
            message = f"{service}.{method}: {len(body)} bytes are over the limit of {most}, send fewer items at a time"
            raise MessageTooLarge(message, details={"bytes": len(body), "most_bytes": most})
        return body

    def enlist(self, service: str, method: str, timeout: float) -> Pending:
        """Expect an answer."""
        pending = Pending(f"{service}.{method}", str(next(self._numbers)), timeout)
        self._pending[pending.number] = pending
        return pending

    def send(self, pending: Pending, body: bytes, headers: Mapping[str, str]) -> None:
        """Publish a request; only in the connection's thread."""
        if not self._link.channel.is_open:
            return  # the loss of the channel tells all who wait
        properties = pika.BasicProperties(
            content_type="application/json",
            content_encoding="utf-8",
            delivery_mode=2,
            reply_to=self._reply_to,
            correlation_id=pending.number,
            headers={**headers, DEADLINE: round((time.time() + pending.timeout) * 1000)},
        )
        self._link.channel.basic_publish(RPC_EXCHANGE, pending.name, body, properties, mandatory=True)

    def await_outcome(self, pending: Pending) -> Any:  # noqa: ANN401 - whatever the method tells
        """Wait for the answer and return it; raises TimedOut, after which a late answer is dropped."""
        if not pending.done.wait(pending.timeout):
            self.forget(pending)
            raise timed_out(pending)
        return pending.outcome(self.limits.codec)

    def forget(self, pending: Pending) -> None:
        """Give up waiting: a late answer is dropped."""
        self._pending.pop(pending.number, None)

    def do(self, action: Callable[[], None]) -> None:
        """Run something in the connection's thread."""
        self._link.do(action)

    def close(self) -> None:
        """Disconnect; whoever waits is told."""
        self._link.close()

    def _set_up(self, channel: Any, done: Callable[[], None], _before: Loss | None) -> None:  # noqa: ANN401 - pika is untyped
        # The exchange is made by the first service that starts, never by those who ask: they may not.
        channel.add_on_return_callback(self._returned)

        def declared(frame: Any) -> None:  # noqa: ANN401 - pika is untyped
            queue = frame.method.queue
            channel.queue_bind(queue, RPC_EXCHANGE, self._reply_to)
            channel.basic_consume(queue, self._answered, auto_ack=True, callback=lambda _: done())

        channel.queue_declare("", exclusive=True, auto_delete=True, callback=declared)

    def _answered(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        self._finish(properties.correlation_id, body=body)

    def _returned(self, _channel: object, method: Any, properties: Any, _body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        service = method.routing_key.split(".", maxsplit=1)[0]
        error = Unavailable(
            f"there is no service {service!r} on the bus", details={"service": service}, may_have_happened=False
        )
        self._finish(properties.correlation_id, error=error)

    def _lost(self, loss: Loss) -> None:
        refused = _REFUSED_TOPIC.search(loss.text) if loss.code == REFUSED else None
        for number, pending in list(self._pending.items()):
            error: BanyanError = Unavailable(loss.text)
            if refused and pending.name == refused[1]:
                error = NotAllowed(f"the broker does not let this user call {pending.name}: {loss.text}")
            self._finish(number, error=error)

    def _finish(self, number: str, *, body: bytes = b"", error: BanyanError | None = None) -> None:
        pending = self._pending.pop(number, None)
        if pending is None:
            return  # nobody waits any more
        pending.body, pending.error = body, error
        pending.done.set()
        if pending.then is not None:
            pending.then()


def timed_out(pending: Pending) -> TimedOut:
    """Return the error of a call that got no answer in time."""
    message = f"{pending.name} did not answer within {pending.timeout:g} s"
    return TimedOut(message, details={"method": pending.name, "timeout_seconds": pending.timeout})
