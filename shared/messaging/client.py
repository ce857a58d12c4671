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
from shared.observability.correlation import carried

Call = tuple[str, str, Mapping[str, object]]
DEFAULT_TIMEOUT = 30.0


@dataclass(slots=True)
class _Pending:
    name: str
    number: str
    request: bytes
    then: Callable[[], None] | None = None
    """Called in the connection's thread when the answer is there."""
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
        line = self._connected()
        pending = line.ask(service, method, arguments)
        if not pending.done.wait(timeout):
            line.forget(pending)
            raise Unavailable(f"{service}.{method} did not answer within {timeout:g} s")
        return pending.outcome()

    def call_many(
        self, calls: Sequence[Call], in_flight: int = 64, *, timeout: float = DEFAULT_TIMEOUT
    ) -> list[Any | Fault]:
        """Ask all, at most `in_flight` at a time; return results in order, a Fault where a call failed.

        `timeout` bounds the wait for each next answer.
        """
        burst = _Burst(self._connected(), calls, in_flight)
        return burst.run(timeout)

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
        self._pending: dict[str, _Pending] = {}
        self._bound = threading.Event()
        self._link = Link(url, name, on_open=self._opened, on_lost=self._lost)
        if not self._bound.wait(DEFAULT_TIMEOUT):
            raise Unavailable("the broker did not give us a reply queue")

    @property
    def is_open(self) -> bool:
        """Whether calls can be made."""
        return self._link.is_open

    def ask(self, service: str, method: str, arguments: Mapping[str, object]) -> _Pending:
        """Send a request; the answer arrives in what is returned."""
        pending = self.prepare(service, method, arguments)
        self.do(lambda: self.send(pending))
        return pending

    def prepare(self, service: str, method: str, arguments: Mapping[str, object]) -> _Pending:
        """Write a request down."""
        number = str(next(self._numbers))
        pending = _Pending(f"{service}.{method}", number, wire.encode_request(arguments))
        self._pending[number] = pending
        return pending

    def send(self, pending: _Pending) -> None:
        """Publish a request; only in the connection's thread."""
        properties = pika.BasicProperties(
            content_type=wire.JSON_TYPE,
            content_encoding="utf-8",
            delivery_mode=2,
            reply_to=self._reply_to,
            correlation_id=pending.number,
            headers=carried() or None,  # a service makes up a correlation id where there is none
        )
        self._link.channel.basic_publish(wire.RPC_EXCHANGE, pending.name, pending.request, properties, mandatory=True)

    def do(self, action: Callable[[], None]) -> None:
        """Run something in the connection's thread."""
        self._link.do(action)

    def forget(self, pending: _Pending) -> None:
        """Give up waiting: a late answer is dropped."""
        self._pending.pop(pending.number, None)

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

    def _answered(self, _channel: object, _method: object, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        self._finish(properties.correlation_id, body=body)

    def _returned(self, _channel: object, method: Any, properties: Any, _body: bytes) -> None:  # noqa: ANN401 - pika is untyped
        service = method.routing_key.split(".", maxsplit=1)[0]
        fault = Unavailable(f"there is no service {service!r} on the bus", details={"service": service})
        self._finish(properties.correlation_id, fault=fault)

    def _lost(self, reason: str) -> None:
        for number in list(self._pending):
            self._finish(number, fault=Unavailable(reason))
        self._bound.set()

    def _finish(self, number: str, *, body: bytes | None = None, fault: Fault | None = None) -> None:
        pending = self._pending.pop(number, None)
        if pending is None:
            return
        pending.body, pending.fault = body, fault
        pending.done.set()
        if pending.then is not None:
            pending.then()


class _Burst:
    """Many calls over one line: each answer sends the next request from within the connection's thread."""

    def __init__(self, line: _ClientLine, calls: Sequence[Call], in_flight: int) -> None:
        self._line = line
        self._rest = iter(calls)
        self._in_flight = in_flight
        self._asked: list[_Pending] = []
        self._answered, self._total = 0, len(calls)
        self._all_done = threading.Event()

    def run(self, timeout: float) -> list[Any | Fault]:
        """Ask all; return outcomes in order."""
        if self._total:
            self._line.do(self._start)
            before = -1
            while not self._all_done.wait(timeout) and before != self._answered:
                before = self._answered
        return [self._outcome(pending, timeout) for pending in self._asked] + self._unsent(timeout)

    def _start(self) -> None:
        for _ in range(min(self._in_flight, self._total)):
            self._next()

    def _next(self) -> None:
        if (call := next(self._rest, None)) is not None:
            pending = self._line.prepare(*call)
            pending.then = self._advance
            self._asked.append(pending)
            self._line.send(pending)

    def _advance(self) -> None:
        self._answered += 1
        if self._answered == self._total:
            self._all_done.set()
        elif self._line.is_open:
            self._next()

    def _outcome(self, pending: _Pending, timeout: float) -> Any | Fault:  # noqa: ANN401 - JSON builtins
        if not pending.done.is_set():
            self._line.forget(pending)
            return Unavailable(f"{pending.name} did not answer within {timeout:g} s")
        try:
            return pending.outcome()
        except Fault as fault:
            return fault

    def _unsent(self, timeout: float) -> list[Any | Fault]:
        missing = self._total - len(self._asked)
        return [Unavailable(f"not asked: others got no answer within {timeout:g} s") for _ in range(missing)]
