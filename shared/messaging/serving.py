"""Serve nameko classes from this process against RabbitMQ, until somebody asks it to stop."""

import os
import signal
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import eventlet
import structlog
from amqp.exceptions import AMQPError
from kombu.exceptions import OperationalError

from shared.messaging import topology
from shared.messaging.collector import collect_seldom
from shared.messaging.connections import open_connection
from shared.messaging.container import SETTINGS_KEY, BusContainer
from shared.messaging.declaring import Declarer
from shared.messaging.metrics_endpoint import MetricsEndpoint
from shared.messaging.observation import Observation
from shared.messaging.relay_child import RelayChild, RelaySpec
from shared.messaging.settings import BusSettings
from shared.messaging.wire import DEAD_EXCHANGE
from shared.observability.logging import configure_logging

READY = "banyan ready:"
_log = structlog.get_logger(__name__)
_GLANCE = 0.1
_KILL_SECONDS = 3.0
_LONGEST_PAUSE = 5.0


def serve(
    classes: Sequence[type],
    settings: BusSettings,
    config: Mapping[str, Any] | None = None,
    *,
    relays: Sequence[RelaySpec] = (),
    neighbours: Sequence[type] = (),
    say: Callable[[str], None] = lambda line: print(line, flush=True),  # noqa: T201 - the readiness line
) -> int:
    """Run one container per class until SIGTERM or SIGINT; return the exit code.

    Waits for the broker, declares the queues of `classes` and `neighbours` (services that may not have run yet: an
    event published before its queue exists is lost), starts one relay process per outbox, then says
    `banyan ready: <names>`. One signal: no new work, what was begun is finished (or handed back after the grace
    period), exit code 0. A second signal cuts this short. Exit code 1 when a container died.

    The process must have called `shared.messaging.green.go_green()` as its first statement.
    """
    owners = "+".join(sorted({topology.service_of(cls.name) for cls in classes}))  # type: ignore[attr-defined]  # nameko classes have no base
    # Before the first line: structlog's own default would show local variables.
    configure_logging(settings.log_style, service=owners)
    stop = _Signals()
    if not _declare(classes, neighbours, settings, stop):
        return 0
    merged = {**(config or {}), SETTINGS_KEY: settings}
    containers = [BusContainer(cls, merged) for cls in classes]
    metrics = None if settings.metrics_port is None else MetricsEndpoint(settings.metrics_host, settings.metrics_port)
    children = [RelayChild(spec, settings.for_service(spec.service)) for spec in relays]
    observation = Observation(relays, owners, os.environ)
    for container in containers:
        container.start()
    collect_seldom()
    watch = eventlet.spawn(_watch, children)
    say(f"{READY} {' '.join(container.service_name for container in containers)}")
    while not stop.count and not any(container.has_died for container in containers):
        eventlet.sleep(_GLANCE)
    died = not stop.count
    graceful = _stop(containers, settings.grace_seconds, stop)
    watch.kill()
    if metrics is not None:
        metrics.stop()
    for child in children:
        child.stop()
    observation.stop()
    return 0 if graceful and not died else 1


def declare(classes: Sequence[type], settings: BusSettings, neighbours: Sequence[type] = ()) -> None:
    """Declare exchanges, dead-letter queues and queues of the classes, and those of neighbours that are not there yet.

    Raises OSError when there is no broker. A queue that exists with other arguments is a fault of the broker's set-up:
    raises amqp's PreconditionFailed; so is a user who may not declare what does not exist: AccessRefused.
    """
    owners: dict[str, list[type]] = {}
    for cls in classes:
        owners.setdefault(topology.service_of(cls.name), []).append(cls)  # type: ignore[attr-defined]  # nameko classes have no base
    for service, owned in owners.items():
        mine = settings.for_service(service)
        connection = open_connection(mine.amqp_url, heartbeat=mine.heartbeat, name=f"{service} topology")
        try:
            connection.connect()
            declarer = Declarer(connection)
            declarer.others(topology.retry_queues(mine))
            for plan in topology.work_queues(owned, mine):
                # Parked messages are nobody's to consume: a service needs no permission on banyan.dead but to write.
                (declarer.others if plan.exchange == DEAD_EXCHANGE else declarer.own)([plan])
            declarer.others(topology.work_queues(neighbours, mine))
        finally:
            connection.release()


class _Signals:
    """Counts the requests to stop; a handler must not do more, since it may interrupt anything."""

    def __init__(self) -> None:
        self.count = 0
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._note)

    def _note(self, *_: object) -> None:
        self.count += 1


def _declare(classes: Sequence[type], neighbours: Sequence[type], settings: BusSettings, stop: "_Signals") -> bool:
    """Wait for the broker as long as it takes; False when asked to stop meanwhile."""
    pause = 0.2
    while not stop.count:
        try:
            declare(classes, settings, neighbours)
        except (OSError, OperationalError, AMQPError) as fault:
            if getattr(fault, "code", None) == 406:  # noqa: PLR2004 - PRECONDITION_FAILED: waiting will not mend it
                raise
            _log.warning("bus_unreachable", error=str(fault), retry_seconds=pause)
            _sleep_unless(stop, pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        else:
            return True
    return False


def _stop(containers: Sequence[BusContainer], grace: float, stop: _Signals) -> bool:
    """Stop gracefully, then by force; returns whether grace sufficed."""
    begun = stop.count
    stopping = [eventlet.spawn(container.stop) for container in containers]
    deadline = time.monotonic() + grace
    while not all(thread.dead for thread in stopping):
        if time.monotonic() > deadline or stop.count > max(begun, 1):
            _log.warning("stopping_by_force")
            for thread in stopping:
                thread.kill()
            with eventlet.Timeout(_KILL_SECONDS, exception=False):
                for container in containers:
                    container.kill()
            return False  # closing the connection hands unfinished work back to the broker
        eventlet.sleep(_GLANCE)
    return True


def _watch(children: Sequence[RelayChild]) -> None:
    while True:
        for child in children:
            child.keep_alive()
        eventlet.sleep(_GLANCE)


def _sleep_unless(stop: _Signals, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not stop.count and time.monotonic() < end:
        eventlet.sleep(_GLANCE)
