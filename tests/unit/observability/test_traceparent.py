"""What strangers write into `traceparent` is carried on only where it is well-formed."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.observability import tracing
from shared.observability.correlation import CORRELATION, TRACEPARENT, carried, carrying, correlation_id
from shared.observability.otlp import OtlpRecorder
from shared.observability.traceparent import TraceParent

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GOOD = f"00-{TRACE}-{SPAN}-01"


@pytest.mark.parametrize(
    ("header", "carried_on"),
    [
        (GOOD, GOOD),
        (f"00-{TRACE}-{SPAN}-00", f"00-{TRACE}-{SPAN}-00"),
        (f"00-{TRACE}-{SPAN}-ff", GOOD),
        (f"cc-{TRACE}-{SPAN}-01-what-the-future-will-be-like", GOOD),
    ],
)
def test_a_well_formed_header_is_carried_on_in_version_00(header: str, carried_on: str) -> None:
    with carrying({TRACEPARENT: header}):
        assert carried()[TRACEPARENT] == carried_on


@pytest.mark.parametrize(
    "header",
    [
        "",
        GOOD.upper(),
        f" {GOOD}",
        f"{GOOD}\n",
        f"{GOOD}-more",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        "x" * 100_000,
        7,
        None,
        GOOD.encode(),
    ],
)
def test_anything_else_is_dropped_and_a_new_trace_begun(header: object) -> None:
    with carrying({TRACEPARENT: header}):
        found = TraceParent.read(carried()[TRACEPARENT])
    assert found is not None
    assert not found.is_sampled
    assert found.trace_id != TRACE


@given(st.text() | st.binary() | st.integers() | st.none() | st.lists(st.text()))
def test_whatever_arrives_what_is_sent_on_is_valid(header: Any) -> None:
    with carrying({TRACEPARENT: header, CORRELATION: header}):
        assert TraceParent.read(carried()[TRACEPARENT]) is not None
        assert 0 < len(correlation_id() or "") <= 128


def test_a_correlation_id_that_could_break_a_log_line_is_replaced() -> None:
    for wrong in ("", "a\nb", "x" * 129):
        with carrying({CORRELATION: wrong}):
            assert correlation_id() != wrong
    with carrying({CORRELATION: "visit-7"}):
        assert correlation_id() == "visit-7"


class Sent:
    """Keeps spans in place of a collector."""

    def __init__(self) -> None:
        self.spans: list[Any] = []

    def export(self, spans: Any) -> None:
        self.spans += spans

    def shutdown(self) -> None:
        """Nothing to close."""


@pytest.fixture
def sent() -> Iterator[Sent]:
    exporter = Sent()
    tracing.record_with(OtlpRecorder("test", exporter))  # type: ignore[arg-type]  # all that the SDK asks of an exporter
    yield exporter
    tracing.stop_tracing()


def test_spans_are_children_of_what_caused_them_and_tell_what_failed(sent: Sent) -> None:
    with tracing.served("a.b", "server", "a", {TRACEPARENT: GOOD}, {}):
        with pytest.raises(LookupError), tracing.step("c.d", "client", {}):
            raise LookupError
        event = tracing.headers_of_event("told")
    tracing.stop_tracing()
    client, producer, server = sent.spans
    assert {f"{span.context.trace_id:032x}" for span in sent.spans} == {TRACE}
    assert f"{server.parent.span_id:016x}" == SPAN
    assert client.parent.span_id == producer.parent.span_id == server.context.span_id
    assert event[TRACEPARENT] == f"00-{TRACE}-{producer.context.span_id:016x}-01"
    assert client.attributes["error.type"] == "LookupError"
    assert server.resource.attributes["service.name"] == "a"


def test_who_asks_not_to_be_recorded_is_not(sent: Sent) -> None:
    with tracing.served("a.b", "server", "a", {TRACEPARENT: f"00-{TRACE}-{SPAN}-00"}, {}):
        assert carried()[TRACEPARENT].endswith("-00")
    tracing.stop_tracing()
    assert sent.spans == []


def test_without_a_collector_nothing_is_recorded_and_the_trace_goes_on() -> None:
    assert not tracing.start_tracing({}, "a")
    with tracing.served("a.b", "server", "a", {TRACEPARENT: GOOD}, {}), tracing.step("c.d", "client", {}):
        assert tracing.headers_of_event("told")[TRACEPARENT] == GOOD
        assert tracing.trace_id() == TRACE
    assert tracing.trace_id() is None
