"""Figures of the bus: what is asked, answered, heard, retried and parked, and who is at work."""

import weakref
from typing import Protocol

from prometheus_client import Counter, Histogram

from shared.observability.metrics import counter, gauge, histogram

SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
UNKNOWN = "?"
"""Method of a request that names none of ours: whatever strangers write must not become a label."""

_answered = counter(
    "banyan_rpc_requests", "Requests answered, by code of the fault or ok", ("service", "method", "code")
)
_seconds = histogram("banyan_rpc_seconds", "How long a method worked", ("service", "method"), buckets=SECONDS)
_events = counter("banyan_events", "Events: handled, retried, parked, requeued", ("service", "handler", "outcome"))
_event_seconds = histogram(
    "banyan_event_seconds", "How long a handler worked on an event", ("service", "handler"), buckets=SECONDS
)
_ticks = counter("banyan_timer_ticks", "Timers run, by outcome", ("service", "method", "outcome"))
_busy = gauge("banyan_workers_busy", "Workers at work", ("service",))
_limit = gauge("banyan_workers_limit", "Workers there may be at once", ("service",))
relay_ends = counter("banyan_relay_ends", "Relay processes that ended unasked and were started again", ("service",))


class Pool(Protocol):
    """A pool of workers, as eventlet has them."""

    def running(self) -> int:
        """Return how many work."""
        ...


class Work:
    """The figures of one entrypoint, its labels looked up once."""

    def __init__(self, done: dict[str, Counter], seconds: Histogram | None, counter_of: "_CounterOf") -> None:
        self._done, self._seconds, self._counter_of = done, seconds, counter_of

    def count(self, outcome: str, seconds: float | None = None) -> None:
        """Count one more with this outcome (`ok` or the code of a fault), and how long it took."""
        found = self._done.get(outcome)
        if found is None:
            found = self._done[outcome] = self._counter_of(outcome)
        found.inc()
        if seconds is not None and self._seconds is not None:
            self._seconds.observe(seconds)


class _CounterOf(Protocol):
    def __call__(self, outcome: str) -> Counter:
        """Return the counter of an outcome."""
        ...


def rpc_work(service: str, method: str) -> Work:
    """Return the figures of a method."""
    return Work({}, _seconds.labels(service, method), lambda outcome: _answered.labels(service, method, outcome))


def refused(service: str, code: str) -> None:
    """Count a request that reached no method."""
    _answered.labels(service, UNKNOWN, code).inc()


def event_work(service: str, handler: str) -> Work:
    """Return the figures of an event handler; outcomes are handled, retried, parked, requeued."""
    return Work({}, _event_seconds.labels(service, handler), lambda outcome: _events.labels(service, handler, outcome))


def timer_work(service: str, method: str) -> Work:
    """Return the figures of a timer."""
    return Work({}, None, lambda outcome: _ticks.labels(service, method, outcome))


def watch_pool(service: str, pool: Pool, limit: int) -> None:
    """Show how many workers of a pool are at work, for as long as it lives."""
    reference = weakref.ref(pool)

    def running() -> float:
        held = reference()
        return float(held.running()) if held is not None else 0.0

    _busy.labels(service).set_function(running)
    _limit.labels(service).set(limit)
