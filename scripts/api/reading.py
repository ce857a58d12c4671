"""What the service classes offer, read from their annotations: methods with their types, and handlers of events."""

import inspect
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from services.workbench.registry import CONTAINERS, class_of
from shared.contracts.plan import Plan
from shared.messaging.topology import entrypoints_of, service_of

_MEANT = {("campaigns", "draft", "plan"): Plan}
"""Arguments whose annotation says less than the service checks: `draft` reads a plan as the bus delivered it."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One named argument; `default` is `inspect.Parameter.empty` where it must be given."""

    name: str
    kind: Any
    default: object

    @property
    def is_required(self) -> bool:
        """Whether a request without it is refused."""
        return self.default is inspect.Parameter.empty


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC of one container."""

    container: str
    name: str
    says: str
    arguments: tuple[Argument, ...]
    tells: Any

    @property
    def address(self) -> str:
        """The routing key of a request."""
        return f"{self.container}.{self.name}"

    @property
    def service(self) -> str:
        """The service whose container it is."""
        return service_of(self.container)


@dataclass(frozen=True, slots=True)
class Handler:
    """One method of one container that takes the events of one type."""

    container: str
    name: str
    says: str
    source: str
    event_type: str
    body: Any

    @property
    def event(self) -> str:
        """What is heard, as `channels.events/contacts_sent`."""
        return f"{self.source}.events/{self.event_type}"

    @property
    def queue(self) -> str:
        """The queue it reads."""
        return f"evt-{self.source}-{self.event_type}--{self.container}.{self.name}"


def read_methods(containers: Iterable[str] = CONTAINERS) -> list[Method]:
    """Return every RPC, in order of containers and names."""
    return [method for name in containers for method in _methods(name, class_of(name))]


def read_handlers(containers: Iterable[str] = CONTAINERS) -> list[Handler]:
    """Return every handler of events, in order of containers and names."""
    return [handler for name in containers for handler in _handlers(name, class_of(name))]


def event_bodies(handlers: Iterable[Handler]) -> dict[str, Any]:
    """Return the type of each event's body, by event; raises ValueError where two handlers read it differently."""
    bodies: dict[str, Any] = {}
    for handler in handlers:
        if bodies.setdefault(handler.event, handler.body) is not handler.body:
            msg = f"{handler.event} is read as {bodies[handler.event]} and as {handler.body}"
            raise ValueError(msg)
    return dict(sorted(bodies.items()))


def _methods(container: str, cls: type) -> Iterator[Method]:
    for name, _ in entrypoints_of(cls, "Rpc"):
        function = getattr(cls, name)
        hints = get_type_hints(function, include_extras=True)
        arguments = tuple(_argument(service_of(container), name, each, hints) for each in _parameters(function))
        yield Method(container, name, _sentence(function), arguments, hints["return"])


def _handlers(container: str, cls: type) -> Iterator[Handler]:
    for name, found in entrypoints_of(cls, "EventHandler"):
        function = getattr(cls, name)
        body = get_type_hints(function)[_parameters(function)[1].name]
        yield Handler(container, name, _sentence(function), found.source_service, found.event_type, body)


def _parameters(function: Any) -> list[inspect.Parameter]:  # noqa: ANN401 - any function
    return list(inspect.signature(function).parameters.values())[1:]


def _argument(service: str, method: str, parameter: inspect.Parameter, hints: Mapping[str, Any]) -> Argument:
    kind = _MEANT.get((service, method, parameter.name), hints[parameter.name])
    return Argument(parameter.name, kind, parameter.default)


def _sentence(function: Any) -> str:  # noqa: ANN401 - any function
    return (inspect.getdoc(function) or "").partition("\n\n")[0].replace("\n", " ")
