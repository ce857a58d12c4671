"""How commands ask services: the client that integrators use, against BANYAN_AMQP_URL."""

import os
from contextlib import AbstractContextManager
from typing import Any, Protocol, TypeVar

import msgspec

from shared.messaging.settings import BusSettings

T = TypeVar("T")
_PATIENCE = 60.0  # seconds; an evaluation of a large campaign takes a few


class Client(Protocol):
    """What commands need of a client."""

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Return the answer as builtins; raises Unavailable or the service's fault."""
        ...

    def publish(self, exchange: str, routing_key: str, body: bytes) -> None:
        """Return once the broker has taken the message over; raises NotFound, NotAllowed, Unavailable."""
        ...


def open_client() -> AbstractContextManager[Client]:
    """Connect to the bus for as long as the block lasts; raises Unavailable where there is none."""
    from shared.messaging.client import BanyanClient

    return BanyanClient(operator_settings().amqp_url)


def operator_settings() -> BusSettings:
    """Return how commands meet the bus: as the user `operator` where each service has one; raises FaultySettings."""
    return BusSettings.from_environment(os.environ).for_service("operator")


def ask(returns: type[T], service: str, method: str, **arguments: object) -> T:
    """Ask one service once and return its answer; raises Unavailable or the service's fault."""
    with open_client() as client:
        return msgspec.convert(client.call(service, method, timeout=_PATIENCE, **arguments), returns)
