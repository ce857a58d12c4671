"""Calls to the operator's systems over HTTP: figures, a span, and the headers that continue the trace there."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter

from shared.observability.bus_figures import SECONDS
from shared.observability.correlation import TRACEPARENT, carried
from shared.observability.metrics import counter, histogram
from shared.observability.tracing import step

_calls = counter("banyan_http_calls", "Calls over HTTP, by status or no_answer", ("system", "status"))
_seconds = histogram("banyan_http_call_seconds", "How long a call over HTTP took", ("system",), buckets=SECONDS)


@dataclass(slots=True)
class HttpCall:
    """A call under way: send `headers` with it, and note the `status` that came back."""

    headers: dict[str, str]
    status: int | None = None


@contextmanager
def http_call(system: str, what: str, headers: Mapping[str, str]) -> Iterator[HttpCall]:
    """Make one call to `system` (a name of ours, such as `crm`); `what` names the resource, never a person."""
    began = perf_counter()
    about = {"http.request.method": "POST", "peer.service": system}
    with step(f"POST {system}/{what}", "client", about) as span:
        parent = carried().get(TRACEPARENT)
        call = HttpCall({**headers, TRACEPARENT: parent} if parent else dict(headers))
        try:
            yield call
        finally:
            if call.status is not None:
                span.note("http.response.status_code", call.status)
                if call.status >= 400:  # noqa: PLR2004 - HTTP's own border between good and bad
                    span.fail(str(call.status))
            _calls.labels(system, str(call.status or "no_answer")).inc()
            _seconds.labels(system).observe(perf_counter() - began)
