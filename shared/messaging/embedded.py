"""The whole bus in this process: the same service classes, no server. For the rehearsal and for tests."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Self

import eventlet

from shared.kernel.faults import Fault, Unavailable
from shared.messaging import topology, wire
from shared.messaging.calling import RpcCaller
from shared.messaging.connections import kombu_queue, open_connection
from shared.messaging.container import SETTINGS_KEY, TIMERS_KEY, URL_KEY, BusContainer
from shared.messaging.green_caller import GreenCaller
from shared.messaging.memory import Broker
from shared.messaging.relay import OutboxSource, OutgoingEvent, Relay
from shared.messaging.roll_call import Presence
from shared.messaging.roll_call_green import call_roll
from shared.messaging.settings import BusSettings

_SETTLE_SECONDS = 600.0
_ROLL_CALL_SECONDS = 5.0
_GLANCE_SECONDS = 0.0005


class Parked(Fault):
    """An event could not be handled by any attempt; `details["parked"]` lists queue and error."""

    code = "event_parked"


class EmbeddedBus:
    """Runs nameko classes on a bus of its own; several of them, one after another or side by side, share nothing.

    The process must have called `shared.messaging.green.go_green()` as its first statement. `config` is what the
    classes' dependency providers find in `self.container.config`. `outboxes` are the services' event sources:
    they are relayed while `settle` runs, and only then, which keeps a rehearsal's order of events the same each time.
    `timers` says whether `@every` ticks, by the machine's clock; under a steered clock it must not.
    """

    def __init__(
        self,
        classes: Sequence[type],
        config: Mapping[str, Any] | None = None,
        *,
        outboxes: Sequence[OutboxSource] = (),
        settings: BusSettings | None = None,
        timers: bool = False,
    ) -> None:
        self._classes = list(classes)
        self._settings = settings or BusSettings(retry_seconds=(1.0, 1.0, 1.0, 1.0))  # only their number counts here
        self._broker = Broker()
        self._config = {
            **(config or {}),
            URL_KEY: self._broker.url,
            SETTINGS_KEY: self._settings,
            TIMERS_KEY: timers,
        }
        self._publisher = _EmbeddedPublisher(self._broker.url)
        self._relays = [Relay(source, self._publisher) for source in outboxes]
        self._containers: list[BusContainer] = []
        self._caller = GreenCaller(self._broker.url, name="embedded caller")

    @property
    def caller(self) -> RpcCaller:
        """Asks any of the services, also from the main thread."""
        return self._caller

    def start(self) -> None:
        """Declare all queues, then start all containers."""
        self._publisher.declare(self._classes, self._settings)
        self._containers = [BusContainer(cls, self._config) for cls in self._classes]
        for container in self._containers:
            container.start()

    def settle(self, timeout: float = _SETTLE_SECONDS) -> None:
        """Return when nothing is in flight: no message queued or being worked on, and every outbox is empty.

        Raises Parked when an event was given up since the last time, Unavailable when it takes longer than
        `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            self._wait_until(self._is_quiet, deadline)
            if not sum(relay.pump() for relay in self._relays) and self._is_quiet():
                break
        parked, self._broker.parked = self._broker.parked, []
        if parked:
            queue, error = parked[0]
            message = f"{len(parked)} messages could not be handled, the first in {queue}: {error}"
            raise Parked(message, details={"parked": [list(entry) for entry in parked]})

    def roll_call(self, patience: float = _ROLL_CALL_SECONDS) -> list[Presence]:
        """Ask every container who it is and which rule set it runs; those that answer within `patience` seconds."""
        return call_roll(self._broker.url, len(self._containers), patience)

    def stop(self) -> None:
        """Stop all containers and forget the bus."""
        self._caller.close()
        pool = [eventlet.spawn(container.stop) for container in self._containers]
        for stopping in pool:
            stopping.wait()
        self._publisher.close()
        self._broker.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _is_quiet(self) -> bool:
        return self._broker.in_flight == 0 and not any(container.is_busy for container in self._containers)

    def _wait_until(self, condition: Callable[[], bool], deadline: float) -> None:
        while not condition():
            if time.monotonic() > deadline:
                counts = {name: len(queue) for name, queue in self._broker.queues.items() if queue}
                message = f"the bus did not settle: {self._broker.in_flight} messages in flight"
                raise Unavailable(message, details={"queues": counts})
            eventlet.sleep(_GLANCE_SECONDS)


class _EmbeddedPublisher:
    """EventPublisher on the embedded broker."""

    def __init__(self, url: str) -> None:
        self._connection = open_connection(url, heartbeat=0, name="embedded relay")
        self._channel = self._connection.channel()

    def declare(self, classes: Sequence[type], settings: BusSettings) -> None:
        """Declare every queue before the first message."""
        for plan in topology.queues_of(classes, settings):
            kombu_queue(plan)(self._channel).declare()

    def publish(self, events: Sequence[OutgoingEvent]) -> set[int]:
        """Hand events over; one that nobody listens to is dropped, as on RabbitMQ."""
        for event in events:
            message = self._channel.prepare_message(
                event.body,
                content_type=wire.JSON_TYPE,
                content_encoding="utf-8",
                headers=event.headers,
                properties={"message_id": event.message_id, "delivery_mode": 2},
            )
            self._channel.basic_publish(message, exchange=event.exchange, routing_key=event.routing_key)
        return set()

    def close(self) -> None:
        """Disconnect."""
        self._connection.release()
