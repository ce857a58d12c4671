"""Which queues the service classes need: names, bindings and arguments, as plain values.

The names are wire names: `rpc-<service>` and `evt-{source}-{type}--{service}.{method}`. A queue that has been renamed
stays behind on the broker and fills unread, so a snapshot test pins them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.messaging.roll_call import ROLL_CALL
from shared.messaging.settings import BusSettings
from shared.messaging.wire import DEAD_EXCHANGE, RPC_EXCHANGE

BULK_SUFFIX = "_bulk"
ENTRYPOINTS = "nameko_entrypoints"


@dataclass(frozen=True, slots=True)
class QueuePlan:
    """One durable queue, the topic exchange it is bound to (none for parked messages) and its arguments."""

    name: str
    exchange: str = ""
    routing_key: str = ""
    arguments: dict[str, Any] = field(default_factory=dict)
    exchange_type: str = "topic"
    is_exclusive: bool = False
    """Whether the queue belongs to one connection and goes with it."""


def service_of(container: str) -> str:
    """Return the service that owns a container: `governance` for `governance` and for `governance_bulk`."""
    return container.removesuffix(BULK_SUFFIX)


def patience(container: str, wanted: float, settings: BusSettings) -> float:
    """Return how many seconds to wait for a container that a call would wait `wanted` seconds for."""
    bounds = settings.rpc_seconds
    return min(wanted, bounds.get(container, bounds.get(service_of(container), wanted)))


def rpc_queue(container: str, settings: BusSettings) -> QueuePlan:
    """Return the request queue of a container; what it rejects goes to its dead-letter queue."""
    name = f"rpc-{container}"
    return QueuePlan(name, RPC_EXCHANGE, f"{container}.*", _dead_lettering(name, settings))


def event_queue(source: str, event_type: str, container: str, method: str, settings: BusSettings) -> QueuePlan:
    """Return the queue of one event handler, shared by all replicas of its container."""
    name = f"evt-{source}-{event_type}--{container}.{method}"
    return QueuePlan(name, f"{source}.events", event_type, _dead_lettering(name, settings))


def dead_queue(name: str, settings: BusSettings) -> QueuePlan:
    """Return where messages of queue `name` are parked."""
    dead = f"dead.{name}"
    return QueuePlan(dead, DEAD_EXCHANGE, dead, {"x-queue-type": settings.queue_type}, "direct")


def retry_exchange(seconds: float) -> str:
    """Return the exchange (and queue) in which a failed event waits; its routing key is the queue it came from."""
    return f"banyan.retry.{round(seconds * 1000)}"


def retry_queues(settings: BusSettings) -> list[QueuePlan]:
    """Return the waiting queues, one per delay: a message that has waited goes back by the default exchange."""
    return [
        QueuePlan(
            name := retry_exchange(seconds),
            name,
            "",
            {
                "x-queue-type": settings.queue_type,
                "x-message-ttl": round(seconds * 1000),
                "x-dead-letter-exchange": "",
            },
            "fanout",
        )
        for seconds in settings.retry_seconds
    ]


def roll_call_queue(container: str, mark: str) -> QueuePlan:
    """Return the queue on which one replica hears the roll call; `mark` makes its name unique.

    It keeps what a process under load has not read yet, and not for long: whoever called is gone by then.
    """
    waiting = {"x-max-length": 100, "x-message-ttl": 30_000}
    return QueuePlan(f"roll-call-{container}-{mark}", ROLL_CALL, "", waiting, "fanout", is_exclusive=True)


def reply_address(user: str, mark: str) -> str:
    """Return the routing key under which answers reach one caller; the broker lets users bind none but their own."""
    return f"reply.{user or 'anybody'}.{mark}"


def queues_of(classes: Sequence[type], settings: BusSettings) -> list[QueuePlan]:
    """Return every queue that containers of these classes consume from or park in, in a stable order."""
    return [*retry_queues(settings), *work_queues(classes, settings)]


def work_queues(classes: Sequence[type], settings: BusSettings) -> list[QueuePlan]:
    """Return the queues that containers of these classes consume from, each after the one it parks in."""
    consumed = [plan for cls in classes for plan in _consumed_by(cls, settings)]
    return [plan for work in consumed for plan in (dead_queue(work.name, settings), work)]


def entrypoints_of(cls: type, kind: Literal["Rpc", "EventHandler"]) -> Iterator[tuple[str, Any]]:
    """Yield the methods of a service class that answer requests, or hear events: name and entrypoint, by name."""
    for name in sorted(dir(cls)):
        for found in getattr(getattr(cls, name), ENTRYPOINTS, ()):
            if type(found).__name__ == kind:  # nameko's class would bring eventlet along
                yield name, found


def _consumed_by(cls: Any, settings: BusSettings) -> Iterator[QueuePlan]:  # noqa: ANN401 - nameko classes have no base
    yield rpc_queue(cls.name, settings)
    for method in sorted(dir(cls)):
        for entrypoint in getattr(getattr(cls, method), ENTRYPOINTS, ()):
            if source := getattr(entrypoint, "source_service", None):
                yield event_queue(source, entrypoint.event_type, cls.name, method, settings)


def _dead_lettering(name: str, settings: BusSettings) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "x-queue-type": settings.queue_type,
        "x-dead-letter-exchange": DEAD_EXCHANGE,
        "x-dead-letter-routing-key": f"dead.{name}",
    }
    if settings.queue_type == "quorum":
        arguments["x-delivery-limit"] = 20  # a message that kills its worker each time is parked in the end
    return arguments
