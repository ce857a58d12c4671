"""One request is one trace through all services, as a collector sees it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.observability.collector import Collector, SentSpan, collecting

ROOT = Path(__file__).parents[3]
CALLER = "00f067aa0ba902b7"


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Collector, dict[str, str]]:
    """Run everything once; return what the collector got, and the traces by what was done."""
    with collecting() as collector:
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "tests.integration.observability.traced_program",
                str(tmp_path_factory.mktemp("var")),
            ],
            cwd=ROOT,
            env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "PYTHONWARNINGS": "ignore"},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
    assert done.returncode == 0, done.stderr
    return collector, json.loads(done.stdout.splitlines()[-1])


def way_to(span: SentSpan, trace: list[SentSpan]) -> list[str]:
    """Return the steps that led to a span, the first one first; the caller's own is not among ours."""
    by_id = {one.span_id: one for one in trace}
    way = [span]
    while way[-1].parent_id != CALLER:
        way.append(by_id[way[-1].parent_id])
    return [f"{one.service} {one.kind} {one.name}" for one in reversed(way)]


def ways(sent: tuple[Collector, dict[str, str]], done: str) -> list[list[str]]:
    collector, traces = sent
    trace = collector.trace(traces[done])
    return [way_to(span, trace) for span in trace]


def test_advice_is_one_trace_from_the_caller_to_the_ledger(sent: tuple[Collector, dict[str, str]]) -> None:
    assert [
        "operator client campaigns.recommend",
        "campaigns server campaigns.recommend",
        "campaigns client governance.reserve",
        "governance server governance.reserve",
    ] in ways(sent, "visit")


def test_an_event_handled_later_continues_the_trace_that_caused_it(sent: tuple[Collector, dict[str, str]]) -> None:
    for event in ("contacts_sent", "outcomes_recorded"):
        assert [
            "operator client campaigns.respond",
            "campaigns server campaigns.respond",
            f"campaigns producer publish {event}",
            f"governance_bulk consumer process {event}",
        ] in ways(sent, "visit")
    assert [
        "operator client catalogue_bulk.upsert_offerings",
        "catalogue_bulk server catalogue_bulk.upsert_offerings",
        "catalogue_bulk producer publish offerings_changed",
        "campaigns_bulk consumer process offerings_changed",
    ] in ways(sent, "prepared")


@pytest.mark.parametrize(
    "asked",
    ["customer_view_bulk.audience", "governance_bulk.screen", "governance_bulk.reserve", "channels_bulk.dispatch"],
)
def test_a_run_of_campaigns_shows_whom_it_asks_in_the_background_too(
    sent: tuple[Collector, dict[str, str]], asked: str
) -> None:
    service = asked.split(".", maxsplit=1)[0]
    assert [
        "operator client campaigns_bulk.run_due",
        "campaigns_bulk server campaigns_bulk.run_due",
        f"campaigns_bulk client {asked}",
        f"{service} server {asked}",
    ] in ways(sent, "run")


def test_no_span_holds_a_number_of_a_person(sent: tuple[Collector, dict[str, str]]) -> None:
    collector, _ = sent
    assert len(collector.spans) > 40
    assert {name for span in collector.spans for name in span.attributes} <= {
        *("rpc.system", "rpc.service", "rpc.method", "messaging.system", "messaging.destination.name"),
        *("code.function.name", "error.type"),
    }
