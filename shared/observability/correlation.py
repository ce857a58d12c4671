"""Correlation: headers that travel with every call and event, so that a request can be followed everywhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from uuid import uuid4

CORRELATION = "banyan.correlation_id"
TRACEPARENT = "traceparent"
_CARRIED = (CORRELATION, TRACEPARENT)

_headers: ContextVar[Mapping[str, str] | None] = ContextVar("banyan_correlation", default=None)


@contextmanager
def carrying(headers: Mapping[str, object]) -> Iterator[None]:
    """Carry the correlation id and W3C traceparent found in `headers`; a missing correlation id is made up."""
    kept = {name: value for name in _CARRIED if isinstance(value := headers.get(name), str)}
    kept.setdefault(CORRELATION, uuid4().hex)
    token = _headers.set(kept)
    try:
        yield
    finally:
        _headers.reset(token)


def carried() -> dict[str, str]:
    """Return the headers to send along with whatever is sent now; empty outside any request."""
    return dict(_headers.get() or {})


def correlation_id() -> str | None:
    """Return the correlation id of the request being served, None outside any."""
    return (_headers.get() or {}).get(CORRELATION)
