"""The client: calls with typed methods, publishing with confirms, events; safe to use from many threads."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

from ._generated.containers import Containers
from ._generated.events import EventSources
from .address import Tls, connection_parameters
from .backoff import Backoff
from .burst import Burst, Call
from .codec import JSON, Codec, to_json
from .container import CallOptions
from .errors import BanyanError, TimedOut, Unavailable
from .event_feed import EventFeed
from .line import Limits, Line
from .link import Link
from .publishing import ConfirmedLine, Message
from .subscription import Subscription

MEBIBYTE = 1024 * 1024
_IN_FLIGHT, _PREFETCH = 64, 200


class BanyanClient(Containers, EventSources):
    """One integrator's way to Banyan; connects when first used, and again after a loss.

    `amqp_url` is `amqp://user:password@host:port/vhost` or `amqps://…` with `tls`; `timeout` in seconds is that of
    calls that name none. `carry` returns headers (`traceparent`, `banyan.correlation_id`) for calls that name none.
    After an attempt to connect has failed, calls fail at once until a growing pause (0.2 to 5 s) is over.
    """

    def __init__(
        self,
        amqp_url: str,
        *,
        name: str = "banyan client",
        timeout: float = 30.0,
        connect_timeout: float = 15.0,
        max_message_bytes: int = 32 * MEBIBYTE,
        tls: Tls | None = None,
        carry: Callable[[], Mapping[str, str]] = dict,
        codec: Codec = JSON,
    ) -> None:
        """Prepare; raises ValueError for an address that is none. Nothing is sent yet."""
        self._parameters = connection_parameters(amqp_url, tls, name, connect_timeout)
        self._name, self._timeout, self._carry = name, timeout, carry
        self._limits = Limits(codec, max_message_bytes, connect_timeout)
        self._opening, self._publishing = threading.Lock(), threading.Lock()
        self._line: Line | None = None
        self._confirmed: ConfirmedLine | None = None
        self._backoff = Backoff()
        self._not_before, self._why = 0.0, Unavailable("")

    def call(
        self,
        service: str,
        method: str,
        *,
        timeout: float | None = None,
        retries: int = 0,
        correlation_id: str = "",
        traceparent: str = "",
        **arguments: object,
    ) -> Any:  # noqa: ANN401 - whatever the method returns, as JSON builtins
        """Return the answer of any method as builtins; see `ask`."""
        options: CallOptions = {"retries": retries, "correlation_id": correlation_id, "traceparent": traceparent}
        return self.ask(service, method, arguments, options if timeout is None else {**options, "timeout": timeout})

    def ask(self, service: str, method: str, arguments: Mapping[str, object], options: CallOptions) -> Any:  # noqa: ANN401 - whatever the method returns, as JSON builtins
        """Return the answer as builtins; `retries` asks again after Unavailable (TimedOut is one), with pauses.

        Raises Unavailable (nobody answers in time, no such service, no bus), MessageTooLarge before anything is sent,
        NotAllowed (also when the broker does not let this user call it), and the fault that the service reported.
        """
        headers = self._headers(options)
        seconds = options.get("timeout", self._timeout)
        backoff = Backoff()
        for _ in range(options.get("retries", 0)):
            try:
                return self._ask_once(service, method, arguments, seconds, headers)
            except Unavailable:
                time.sleep(backoff.pause())
        return self._ask_once(service, method, arguments, seconds, headers)

    def call_many(
        self, calls: Sequence[Call], in_flight: int = _IN_FLIGHT, *, timeout: float | None = None
    ) -> list[Any | BanyanError]:
        """Ask all, at most `in_flight` at a time; return results in order, a BanyanError where a call failed.

        `timeout` bounds the wait for each next answer.
        """
        seconds = self._timeout if timeout is None else timeout
        return Burst(self._connected(seconds), calls, in_flight, self._headers({})).run(seconds)

    def publish(
        self,
        exchange: str,
        routing_key: str,
        body: object,
        *,
        message_id: str = "",
        headers: Mapping[str, object] | None = None,
        timeout: float | None = None,
    ) -> None:
        """Publish one persistent message (bytes as they are, anything else as JSON); return once it is confirmed.

        Raises NotFound (no such exchange, or no queue takes it), NotAllowed, Unavailable (refused, lost, TimedOut).
        """
        content = body if isinstance(body, bytes) else to_json(body)
        message = Message(exchange, routing_key, content, message_id, headers or {})
        [error] = self.publish_many([message], timeout=timeout)
        if error is not None:
            raise error

    def publish_many(self, messages: Sequence[Message], *, timeout: float | None = None) -> list[BanyanError | None]:
        """Publish all, `timeout` seconds in all; return for each None, or why the broker has not taken it over."""
        with self._publishing:
            if self._confirmed is None or not self._confirmed.is_open:
                limits = self._limits
                self._confirmed = ConfirmedLine(
                    self._parameters, f"{self._name} publisher", limits.connect_seconds, limits.most_bytes
                )
            return self._confirmed.publish(messages, self._timeout if timeout is None else timeout)

    def feed(self, queue: str, *, idle_seconds: float | None = None, prefetch: int = _PREFETCH) -> EventFeed[Any]:
        """Return all events of a queue that the operator made and bound for you; otherwise as `events`."""
        return self._feed(Subscription(queue, prefetch), idle_seconds)

    def close(self) -> None:
        """Disconnect; calls under way fail as Unavailable. Feeds are closed by themselves."""
        with self._opening:
            if self._line is not None:
                self._line.close()
                self._line = None
        with self._publishing:
            if self._confirmed is not None:
                self._confirmed.close()
                self._confirmed = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _events(
        self, source: str, event_type: str, queue: str, idle_seconds: float | None, prefetch: int
    ) -> EventFeed[Any]:
        return self._feed(Subscription(queue, prefetch, source, event_type), idle_seconds)

    def _feed(self, subscription: Subscription, idle_seconds: float | None) -> EventFeed[Any]:
        def connect(**how: Any) -> Link:  # noqa: ANN401 - as Link takes them
            name, seconds = f"{self._name} {subscription.queue}", self._limits.connect_seconds
            return Link(self._parameters, name, connect_seconds=seconds, **how)

        return EventFeed(connect, subscription, idle_seconds)

    def _ask_once(
        self, service: str, method: str, arguments: Mapping[str, object], timeout: float, headers: Mapping[str, str]
    ) -> Any:  # noqa: ANN401 - whatever the method tells
        line = self._connected(timeout)
        return line.await_outcome(line.ask(service, method, arguments, timeout, headers))

    def _headers(self, options: CallOptions) -> dict[str, str]:
        named = {
            "banyan.correlation_id": options.get("correlation_id", ""),
            "traceparent": options.get("traceparent", ""),
        }
        return {**self._carry(), **{name: value for name, value in named.items() if value}}

    def _connected(self, patience: float) -> Line:
        line = self._line
        if line is not None and line.is_open:
            return line
        if not self._opening.acquire(timeout=patience):
            raise TimedOut(f"the bus was not reached within {patience:g} s", may_have_happened=False)
        try:
            if self._line is None or not self._line.is_open:
                self._line = self._opened()
            return self._line
        finally:
            self._opening.release()

    def _opened(self) -> Line:
        if time.monotonic() < self._not_before:
            raise Unavailable(self._why.message, may_have_happened=False)
        try:
            line = Line(self._parameters, self._name, self._limits)
        except Unavailable as fault:
            self._why, self._not_before = fault, time.monotonic() + self._backoff.pause()
            fault.may_have_happened = False
            raise
        self._backoff.reset()
        return line
