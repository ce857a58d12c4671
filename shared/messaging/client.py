"""The integrator's client: pika alone, no nameko, no eventlet, no database; safe to use from many threads."""

import itertools
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self
from uuid import uuid4

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.kernel.faults import Fault, Unavailable
from shared.messaging import wire
from shared.messaging.event_feed import EventFeed
from shared.messaging.link import Link
from shared.observability.correlation import CORRELATION, carried

Call = tuple[str, str, Mapping[str, object]]
DEFAULT_TIMEOUT = 30.0


@dataclass(slots=True)
class _Pending:
    name: str
    forget: Callable[[], object]
    """Give up waiting: a late answer is dropped."""
    done: threading.Event = field(default_factory=threading.Event)
    body: bytes | None = None
    fault: Fault | None = None

    def outcome(self) -> object:
        """Return the result; raises the fault."""
        if self.fault is not None:
            raise self.fault
        return wire.decode_reply(self.body or b"", object)


class BanyanClient:
    """Calls Banyan's services; connects at the first call and again after a loss."""

    def __init__(self, amqp_url: str, *, name: str = "banyan client") -> None:
        self._url, self._name = amqp_url, name
        self._opening = threading.Lock()
        self._line: _ClientLine | None = None

    def call(self, service: str, method: str, *, timeout: float = DEFAULT_TIMEOUT, **arguments: object) -> Any:  # noqa: ANN401 - whatever the method returns, as JSON builtins
        """Return the answer as builtins.

        Raises Unavailable (nobody answers in time, no such service, no bus) and the fault that the service reported
        (InvalidRequest, NotFound, NotAllowed, RemoteFault with its code).
        """
        pending = self._connected().ask(service, method, arguments)
        if not pending.done.wait(timeout):
            pending.forget()
            raise Unavailable(f"{service}.{method} did not answer within {timeout:g} s")
        return pending.outcome()

    def call_many(
        self, calls: Sequence[Call], in_flight: int = 64, *, timeout: float = DEFAULT_TIMEOUT
    ) -> list[Any | Fault]:
        """Ask all, at most `in_flight` at a time; return results in order, a Fault where a call failed.

        `timeout` bounds the wait for each next answer.
        """
        line = self._connected()
        asked: list[_Pending] = []
        room = threading.Semaphore(in_flight)
        for service, method, arguments in calls:
            if not room.acquire(timeout=timeout):
                raise Unavailable(f"{in_flight} calls got no answer within {timeout:g} s")
            asked.append(line.ask(service, method, arguments, room))
        return [_settled(pending, timeout) for pending in asked]

    def events(self, source: str, event_type: str, queue: str, *, idle_seconds: float | None = None) -> EventFeed:
        """Iterate over the events of a type through a durable queue of the caller's own; see EventFeed."""
        return EventFeed(self._url, source, event_type, queue, idle_seconds)

    def close(self) -> None:
        """Disconnect."""
        with self._opening:
            if self._line is not None:
                self._line.close()
                self._line = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _connected(self) -> "_ClientLine":
        with self._opening:
            if self._line is None or not self._line.is_open:
                self._line = _ClientLine(self._url, self._name)
            return self._line


class _ClientLine:
    """One connection with its reply queue."""

    def __init__(self, url: str, name: str) -> None:
        self._reply_to = str(uuid4())
        self._numbers: Iterator[int] = itertools.count(1)
        self._pending: dict[str, tuple[_Pending, threading.Semaphore | None]] = {}
        self._bound = threading.Event()
        self._link = Link(url, name, on_open=self._opened, on_lost=self._lost)
        if not self._bound.wait(DEFAULT_TIMEOUT):
            raise Unavailable("the broker did not give us a reply queue")

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._link.is_open

    def ask(
        self, service: str, method: str, arguments: Mapping[str, object], room: threading.Semaphore | None = None
    ) -> _Pending:
        """Send a request; the answer arrives in what is returned, and then makes room for another."""
        number = str(next(self._numbers))
        pending = _Pending(f"{service}.{method}", lambda: self._pending.pop(number, None))
        headers = carried()
        headers.setdefault(CORRELATION, uuid4().hex)
        properties = pika.BasicProperties(
            content_type=wire.JSON_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            reply_to=self._reply_to,
            correlation_id=number,
            headers=headers,
        )
        body = wire.encode_request(arguments)
        self._pending[number] = (pending, room)
        self._link.do(
            lambda: self._link.channel.basic_publish(wire.RPC_EXCHANGE, pending.name, body, properties, mandatory=True)
        )
        return pending

    def close(self) -> None:
        """Disconnect; whoever waits is told."""
        self._link.close()

    def _opened(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        channel.add_on_return_callback(self._returned)
        channel.exchange_declare(wire.RPC_EXCHANGE, "topic", durable=True)
        name = f"rpc.reply-{self._reply_to}"
        channel.queue_declare(name, exclusive=True, auto_delete=True)
        channel.queue_bind(name, wire.RPC_EXCHANGE, self._reply_to)
        channel.basic_consume(name, self._answered, auto_ack=True, callback=lambda _: self._bound.set())

    def _answered(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:  # noqa: ANN401
        self._finish(properties.correlation_id, body=body)

    def _returned(self, _channel: object, method: Any, properties: Any, _body: bytes) -> None:  # noqa: ANN401
        service = method.routing_key.split(".", maxsplit=1)[0]
        fault = Unavailable(f"there is no service {service!r} on the bus", details={"service": service})
        self._finish(properties.correlation_id, fault=fault)

    def _lost(self, reason: str) -> None:
        for number in list(self._pending):
            self._finish(number, fault=Unavailable(reason))
        self._bound.set()

    def _finish(self, number: str, *, body: bytes | None = None, fault: Fault | None = None) -> None:
        pending, room = self._pending.pop(number, (None, None))
        if pending is not None:
            pending.body, pending.fault = body, fault
            pending.done.set()
        if room is not None:
            room.release()


def _settled(pending: _Pending, timeout: float) -> object:
    if not pending.done.wait(timeout):
        pending.forget()
        return Unavailable(f"{pending.name} did not answer within {timeout:g} s")
    try:
        return pending.outcome()
    except Fault as fault:
        return fault
