"""The integrator's client as the workbench, benchmarks and tests use it: structs as arguments, faults of the kernel."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import msgspec

from shared.client import client as integrators
from shared.client import errors
from shared.client.burst import Call
from shared.kernel.faults import Fault
from shared.messaging import wire
from shared.messaging.event_feed import EventFeed
from shared.messaging.link import as_faults, fault_of, reading_address
from shared.observability.correlation import carried

DEFAULT_TIMEOUT = 30.0
_MOST_BYTES = 1 << 30
"""Services have limits of their own; their operator may send them whatever they take."""


class StructCodec:
    """Requests whose arguments may be structs of the contracts."""

    def encode(self, arguments: Mapping[str, object]) -> bytes:
        """Write a request down; raises the client's InvalidRequest."""
        try:
            return wire.encode_request(arguments)
        except (TypeError, ValueError, OverflowError, msgspec.MsgspecError) as fault:
            raise errors.InvalidRequest(f"this cannot be sent as JSON: {fault}", details={"field": "$"}) from None

    def decode(self, body: bytes) -> Any:  # noqa: ANN401 - whatever the method tells
        """Return the result; raises the client's error for the fault that the service reported."""
        try:
            return wire.decode_reply(body, object)
        except Fault as fault:
            raise errors.reported(fault.code, fault.message, fault.details) from None


class BanyanClient:
    """Calls Banyan's services; connects at the first call and again after a loss. Safe to use from many threads."""

    def __init__(self, amqp_url: str, *, name: str = "banyan client") -> None:
        with reading_address():
            self._client = integrators.BanyanClient(
                amqp_url,
                name=name,
                timeout=DEFAULT_TIMEOUT,
                max_message_bytes=_MOST_BYTES,
                carry=carried,  # a service makes up a correlation id where there is none
                codec=StructCodec(),
            )

    def call(self, service: str, method: str, *, timeout: float = DEFAULT_TIMEOUT, **arguments: object) -> Any:  # noqa: ANN401 - whatever the method returns, as JSON builtins
        """Return the answer as builtins.

        Raises Unavailable (nobody answers in time, no such service, no bus) and the fault that the service reported
        (InvalidRequest, NotFound, NotAllowed, RemoteFault with its code).
        """
        with as_faults():
            return self._client.ask(service, method, arguments, {"timeout": timeout})

    def call_many(
        self, calls: Sequence[Call], in_flight: int = 64, *, timeout: float = DEFAULT_TIMEOUT
    ) -> list[Any | Fault]:
        """Ask all, at most `in_flight` at a time; return results in order, a Fault where a call failed.

        `timeout` bounds the wait for each next answer.
        """
        with as_faults():
            answers = self._client.call_many(calls, in_flight, timeout=timeout)
        return [fault_of(answer) if isinstance(answer, errors.BanyanError) else answer for answer in answers]

    def publish(self, exchange: str, routing_key: str, body: bytes) -> None:
        """Publish one persistent JSON message; return once the broker has taken it over.

        Raises NotFound (no such exchange, or no queue takes it), NotAllowed, Unavailable.
        """
        with as_faults():
            self._client.publish(exchange, routing_key, body)

    def events(self, source: str, event_type: str, queue: str, *, idle_seconds: float | None = None) -> EventFeed:
        """Iterate over the events of a type through a durable queue of the caller's own; see EventFeed."""
        with as_faults():
            return EventFeed(self._client.events(source, event_type, queue, idle_seconds=idle_seconds))

    def close(self) -> None:
        """Disconnect."""
        self._client.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
