"""What services offer on the bus: their queues, methods and events, read from the service classes and contracts."""

import re
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module

from services.workbench import registry
from shared.messaging import topology
from shared.messaging.settings import BusSettings

_TOLD = re.compile(r"Events? out: (?P<names>[^.]+)\.")
_EVENTS = ".events"


@dataclass(frozen=True, slots=True)
class Surface:
    """`methods` are `container.method`, `events` `service.event`, `sources` whose events each service reads."""

    queues: Sequence[topology.QueuePlan]
    methods: Sequence[str]
    events: Sequence[str]
    sources: Mapping[str, Sequence[str]]


def surface(settings: BusSettings) -> Surface:
    """Return the surface of all containers; imports every service."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what eventlet and nameko announce at import is not for this command's reader
        classes = [registry.class_of(container) for container in registry.CONTAINERS]
    queues = topology.queues_of(classes, settings)
    heard = {(plan.name.partition("--")[2].partition(".")[0], plan.exchange) for plan in queues if _is_event(plan)}
    return Surface(
        queues=queues,
        methods=[method for cls in classes for method in _methods(cls)],
        events=[event for service in registry.SERVICES for event in _events(service)],
        sources={
            service: sorted(
                source.removesuffix(_EVENTS) for container, source in heard if topology.service_of(container) == service
            )
            for service in registry.SERVICES
        },
    )


def _is_event(plan: topology.QueuePlan) -> bool:
    return plan.exchange.endswith(_EVENTS)


def _methods(cls: type) -> list[str]:
    methods = topology.entrypoints_of(cls, "Rpc")
    return [f"{cls.name}.{name}" for name, _ in methods]  # type: ignore[attr-defined]  # nameko classes have no base


def _events(service: str) -> list[str]:
    """Return the events that a service's contract says it tells."""
    line = _TOLD.search(import_module(f"shared.contracts.{service}").__doc__ or "")
    return [f"{service}.{name}" for name in sorted(re.findall(r"`([a-z_]+)`", line["names"]))] if line else []
