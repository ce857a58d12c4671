"""Traces: one span for what a service serves, asks, tells and hears, each a child of what caused it.

Spans are recorded and sent only after `start_tracing` found OTEL_EXPORTER_OTLP_ENDPOINT; without it the functions here
carry a caller's traceparent on and cost next to nothing. The place in a trace is the header that is carried
(`correlation`), not OpenTelemetry's own context, so that what is logged, sent and recorded cannot disagree.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Literal, Protocol

from shared.observability.correlation import (
    TRACEPARENT,
    begin,
    carried,
    carrying,
    continuing,
    end,
    serving_service,
)
from shared.observability.traceparent import TraceParent

Kind = Literal["server", "client", "producer", "consumer", "internal"]
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Span(Protocol):
    """One step of a trace, under way."""

    def note(self, name: str, value: str | int) -> None:
        """Keep an attribute; never anything about a person."""
        ...

    def fail(self, code: str) -> None:
        """Mark the step as failed, with the fault's code."""
        ...


class Recorder(Protocol):
    """Starts and ends spans."""

    def open(
        self, name: str, kind: Kind, service: str, parent: TraceParent | None, attributes: Mapping[str, str]
    ) -> tuple[Span, TraceParent]:
        """Begin a span; return it with its place in the trace."""
        ...

    def end(self, span: Span) -> None:
        """End it."""
        ...

    def close(self) -> None:
        """Send what is left, for some seconds at most."""
        ...


class _Unrecorded:
    def note(self, name: str, value: str | int) -> None:
        """Keep nothing."""

    def fail(self, code: str) -> None:
        """Mark nothing."""


_unrecorded = _Unrecorded()
_recorder: Recorder | None = None


def start_tracing(environment: Mapping[str, str], service: str) -> bool:
    """Record spans from now on where the environment names a collector; returns whether it does.

    `service` is told for what belongs to no request. All of OpenTelemetry's own variables hold (headers, sampler).
    """
    if not environment.get(ENDPOINT):
        return False
    from shared.observability.otlp import OtlpRecorder  # noqa: PLC0415 - 150 ms that only those pay who export

    record_with(OtlpRecorder(service))
    return True


def stop_tracing() -> None:
    """Send what is left and record no more."""
    if _recorder is not None:
        _recorder.close()
    record_with(None)


def record_with(recorder: Recorder | None) -> None:
    """Record with this from now on; None records nothing."""
    global _recorder  # noqa: PLW0603 - one per process, like the log
    _recorder = recorder


@contextmanager
def served(
    name: str, kind: Kind, service: str, headers: Mapping[str, object], attributes: Mapping[str, str]
) -> Iterator[Span]:
    """Serve a request or an event that came with `headers`: everything sent meanwhile belongs to it."""
    recorder = _recorder
    if recorder is None:
        token = begin(headers, service)
        try:
            yield _unrecorded
        finally:
            end(token)
        return
    parent = TraceParent.read(headers.get(TRACEPARENT))
    span, place = recorder.open(name, kind, service, parent, attributes)
    try:
        with carrying({**headers, TRACEPARENT: str(place)}, service):
            yield span
    finally:
        recorder.end(span)


@contextmanager
def step(name: str, kind: Kind, attributes: Mapping[str, str]) -> Iterator[Span]:
    """Take a step of the request being served, such as a call to another service; a fault marks it as failed."""
    recorder = _recorder
    if recorder is None:
        yield _unrecorded
        return
    parent = TraceParent.read(carried().get(TRACEPARENT))
    span, place = recorder.open(name, kind, serving_service() or "", parent, attributes)
    try:
        with continuing(place):
            yield span
    except Exception as fault:
        span.fail(getattr(fault, "code", None) or type(fault).__name__)
        raise
    finally:
        recorder.end(span)


def headers_of_event(event_type: str) -> dict[str, str]:
    """Return the headers to store with an event, so that whoever handles it continues this trace."""
    headers = carried()
    if _recorder is None or not headers:
        return headers
    with step(f"publish {event_type}", "producer", {"messaging.system": "rabbitmq"}):
        return carried()


def trace_id() -> str | None:
    """Return the trace of the request being served, None outside any."""
    header = carried().get(TRACEPARENT)
    return header.split("-")[1] if header else None
