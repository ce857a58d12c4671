"""What is told of one entrypoint's work: figures, and a span of the trace it belongs to."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

from shared.observability import bus_figures
from shared.observability.tracing import Kind, served

OK, HANDLED = "ok", "handled"
_FINE = frozenset({OK, HANDLED})


class Watched:
    """One method of one container, as seen from outside; made once, when the container is set up."""

    def __init__(self, service: str, name: str, kind: Kind, work: bus_figures.Work, attributes: dict[str, str]) -> None:
        self.work = work
        self._service, self._name, self._kind = service, name, kind
        self._attributes = attributes

    @classmethod
    def rpc(cls, service: str, method: str) -> "Watched":
        """Watch a method that is asked."""
        about = {"rpc.system": "nameko", "rpc.service": service, "rpc.method": method}
        return cls(service, f"{service}.{method}", "server", bus_figures.rpc_work(service, method), about)

    @classmethod
    def event(cls, service: str, method: str, source: str, event_type: str) -> "Watched":
        """Watch a method that hears events."""
        about = {"messaging.system": "rabbitmq", "messaging.destination.name": f"{source}.events"}
        work = bus_figures.event_work(service, method)
        return cls(service, f"process {event_type}", "consumer", work, {**about, "code.function.name": method})

    @classmethod
    def timer(cls, service: str, method: str) -> "Watched":
        """Watch a method that the clock calls."""
        return cls(service, f"{service}.{method}", "internal", bus_figures.timer_work(service, method), {})

    @contextmanager
    def serving(self, worker_ctx: Any) -> Iterator[None]:  # noqa: ANN401 - nameko's
        """Serve: what is sent and logged meanwhile carries the headers that came in."""
        worker_ctx.began = perf_counter()
        with served(self._name, self._kind, self._service, worker_ctx.data, self._attributes) as worker_ctx.span:
            yield

    def ended(self, worker_ctx: Any, outcome: str) -> None:  # noqa: ANN401 - nameko's
        """Tell how it went: `ok` or `handled`, else the code of what went wrong."""
        self.work.count(outcome, perf_counter() - worker_ctx.began)
        if outcome not in _FINE:
            worker_ctx.span.fail(outcome)
