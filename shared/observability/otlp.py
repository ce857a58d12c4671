"""Spans recorded with OpenTelemetry's SDK and sent over OTLP/HTTP, in batches and by a thread of its own.

Imported only where a collector is named: see `tracing.start_tracing`.
"""

import os
import socket
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import cast

from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import NonRecordingSpan, SpanContext, SpanKind, TraceFlags

from shared.observability.traceparent import TraceParent
from shared.observability.tracing import Kind, Span

_KINDS: Mapping[Kind, SpanKind] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
    "internal": SpanKind.INTERNAL,
}
_EXPORT_SECONDS = 5
_CLOSING_SECONDS = 3.0


class _Recorded:
    """A span of the SDK's."""

    def __init__(self, span: trace.Span) -> None:
        self.span = span

    def note(self, name: str, value: str | int) -> None:
        """Keep an attribute."""
        self.span.set_attribute(name, value)

    def fail(self, code: str) -> None:
        """Mark the step as failed."""
        self.span.set_attribute("error.type", code)
        self.span.set_status(trace.StatusCode.ERROR, code)


class OtlpRecorder:
    """Port `Recorder`: a tracer for each service of this process, one queue of spans to send.

    A full queue drops spans and a collector that is gone costs nothing but a warning: no request waits for it.
    """

    def __init__(self, service: str, exporter: SpanExporter | None = None) -> None:
        self._service = service
        self._batches = BatchSpanProcessor(exporter or OTLPSpanExporter(timeout=_EXPORT_SECONDS))
        self._tracers: dict[str, trace.Tracer] = {}

    def open(
        self, name: str, kind: Kind, service: str, parent: TraceParent | None, attributes: Mapping[str, str]
    ) -> tuple[Span, TraceParent]:
        """Begin a span."""
        context = None
        if parent is not None:
            flags = TraceFlags(TraceFlags.SAMPLED if parent.is_sampled else TraceFlags.DEFAULT)
            caused_by = SpanContext(
                int(parent.trace_id, 16), int(parent.span_id, 16), is_remote=True, trace_flags=flags
            )
            context = trace.set_span_in_context(NonRecordingSpan(caused_by))
        span = self._tracer(service or self._service).start_span(
            name, context=context, kind=_KINDS[kind], attributes=attributes
        )
        place = span.get_span_context()
        return _Recorded(span), TraceParent(
            f"{place.trace_id:032x}", f"{place.span_id:016x}", place.trace_flags.sampled
        )

    def end(self, span: Span) -> None:
        """End a span that `open` has begun."""
        cast(_Recorded, span).span.end()

    def close(self) -> None:
        """Send what is left; the SDK's own wait could be half a minute, which a process that stops has not."""
        closing = threading.Thread(target=self._batches.shutdown, name="spans", daemon=True)
        closing.start()
        closing.join(_CLOSING_SECONDS)

    def _tracer(self, service: str) -> trace.Tracer:
        if service not in self._tracers:
            about = {
                "service.namespace": "banyan",
                "service.name": service,
                "service.version": version("banyan"),
                "service.instance.id": f"{socket.gethostname()}-{os.getpid()}",
            }
            provider = TracerProvider(resource=Resource.create(about), shutdown_on_exit=False)
            provider.add_span_processor(self._batches)
            self._tracers[service] = provider.get_tracer("banyan")
        return self._tracers[service]
