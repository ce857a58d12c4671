"""Correlation: headers that travel with every call and event, so that a request can be followed everywhere."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from dataclasses import dataclass
from uuid import uuid4

from shared.observability.traceparent import TraceParent, carried_on

CORRELATION = "banyan.correlation_id"
TRACEPARENT = "traceparent"
_LONGEST = 128


@dataclass(slots=True)
class Carried:
    """What belongs to the request being served here: the headers to send along, and which service serves it."""

    headers: Mapping[str, str]
    service: str | None = None


_carried: ContextVar[Carried | None] = ContextVar("banyan_correlation", default=None)


@contextmanager
def carrying(headers: Mapping[str, object], service: str | None = None) -> Iterator[None]:
    """Carry the correlation id and W3C traceparent found in `headers`; one that is missing or malformed is made up."""
    token = begin(headers, service)
    try:
        yield
    finally:
        end(token)


def begin(headers: Mapping[str, object], service: str | None) -> Token[Carried | None]:
    """Carry these headers from now on, as `carrying` does; `end` takes what this returns."""
    return _carried.set(Carried(checked(headers), service))


def end(token: Token[Carried | None]) -> None:
    """Carry again what was carried before."""
    _carried.reset(token)


@contextmanager
def continuing(traceparent: TraceParent) -> Iterator[None]:
    """Carry another place in the same trace for a while: what is sent meanwhile is its child."""
    now = _carried.get()
    headers = {**(now.headers if now else {}), TRACEPARENT: str(traceparent)}
    token = _carried.set(Carried(headers, now.service if now else None))
    try:
        yield
    finally:
        _carried.reset(token)


def checked(headers: Mapping[str, object]) -> dict[str, str]:
    """Return the headers to carry on: what others sent only where it is well-formed."""
    correlation = headers.get(CORRELATION)
    if not (isinstance(correlation, str) and 0 < len(correlation) <= _LONGEST and correlation.isprintable()):
        correlation = uuid4().hex
    return {CORRELATION: correlation, TRACEPARENT: carried_on(headers.get(TRACEPARENT))}


def carried() -> dict[str, str]:
    """Return the headers to send along with whatever is sent now; empty outside any request."""
    now = _carried.get()
    return dict(now.headers) if now else {}


def correlation_id() -> str | None:
    """Return the correlation id of the request being served, None outside any."""
    return carried().get(CORRELATION)


def serving_service() -> str | None:
    """Return the container whose request is being served, None outside any."""
    now = _carried.get()
    return now.service if now else None
