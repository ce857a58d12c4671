"""What the bus counts: answers by code, events by what became of them, workers, and calls over HTTP."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa
from prometheus_client.parser import text_string_to_metric_families

from services.campaigns.adapters.drop_figures import count_dropped
from services.campaigns.domain.candidate import Cause, Stage
from services.governance.adapters.verdict_figures import count_verdicts
from shared.contracts.governance import ContactRequest, Verdict
from shared.contracts.wire import Reason
from shared.kernel.faults import Fault, NotFound
from shared.messaging.embedded import EmbeddedBus, Parked
from shared.messaging.entrypoints import Pingable, event, rpc
from shared.messaging.relay import OutboxSource
from shared.messaging.settings import BusSettings
from shared.observability.correlation import TRACEPARENT, carrying
from shared.observability.http_figures import http_call
from shared.observability.metrics import exposition
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox


class Told(msgspec.Struct):
    number: int


class Counted(Pingable):
    name = "counted"
    max_workers = 3

    @rpc
    def double(self, number: int) -> int:
        if number < 0:
            raise NotFound("no such number")
        return 2 * number

    @event("teller", "told")
    def on_told(self, event_id: str, event: Told) -> None:
        del event_id
        if event.number < 0:
            raise ValueError


def figure(name: str, **labels: str) -> float:
    """Return one figure as Prometheus would read it; 0 where there is none yet."""
    for family in text_string_to_metric_families(exposition().decode()):
        for sample in family.samples:
            if sample.name == name and labels.items() <= sample.labels.items():
                return sample.value
    return 0.0


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[tuple[EmbeddedBus, Database, Outbox]]:
    database = Database(f"sqlite:///{tmp_path / 'teller.sqlite'}")
    metadata = sa.MetaData()
    outbox = Outbox(metadata)
    metadata.create_all(database.engine)
    settings = BusSettings(retry_seconds=(1.0,), max_message_bytes=2_000)
    with EmbeddedBus([Counted], outboxes=[OutboxSource("teller", database)], settings=settings) as running:
        yield running, database, outbox
    database.close()


def asked(code: str, method: str = "double") -> float:
    return figure("banyan_rpc_requests_total", service="counted", method=method, code=code)


def test_answers_are_counted_by_method_and_code(bus: tuple[EmbeddedBus, Database, Outbox]) -> None:
    before = [asked("ok"), asked("not_found"), asked("invalid_request"), asked("unknown_method", "?")]
    worked = figure("banyan_rpc_seconds_count", service="counted", method="double")
    caller = bus[0].caller
    assert caller.call("counted", "double", {"number": 2}, int) == 4
    for method, arguments in (("double", {"number": -1}), ("double", {"number": "x"}), ("no\nsuch", {})):
        with pytest.raises(Fault):
            caller.call("counted", method, arguments, int)
    after = [asked("ok"), asked("not_found"), asked("invalid_request"), asked("unknown_method", "?")]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1, 1]
    assert figure("banyan_rpc_seconds_count", service="counted", method="double") == worked + 2
    assert figure("banyan_workers_limit", service="counted") == 3
    assert figure("banyan_workers_busy", service="counted") == 0


def test_events_are_counted_by_what_became_of_them(bus: tuple[EmbeddedBus, Database, Outbox]) -> None:
    running, database, outbox = bus
    outcomes = ("handled", "retried", "parked")
    before = [figure("banyan_events_total", service="counted", handler="on_told", outcome=each) for each in outcomes]
    with database.write() as connection:
        for number in (1, -1):
            outbox.add(connection, "told", Told(number), at=datetime(2026, 3, 2, tzinfo=UTC), key=str(number))
    with pytest.raises(Parked):
        running.settle()
    after = [figure("banyan_events_total", service="counted", handler="on_told", outcome=each) for each in outcomes]
    assert [now - then for now, then in zip(after, before, strict=True)] == [1, 1, 1]


def test_calls_over_http_carry_the_trace_and_are_counted_also_where_no_answer_comes() -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    with carrying({TRACEPARENT: trace}):
        with http_call("CRM", "orders", {"Idempotency-Key": "k"}) as call:
            assert call.headers == {"Idempotency-Key": "k", TRACEPARENT: trace}
            call.status = 503
        with pytest.raises(OSError, match="refused"), http_call("CRM", "orders", {}):
            raise OSError("refused")
    assert figure("banyan_http_calls_total", system="CRM", status="503") >= 1
    assert figure("banyan_http_calls_total", system="CRM", status="no_answer") >= 1


def verdict(contact_id: str, channel: str, rule: str | None) -> tuple[ContactRequest, Verdict]:
    at = datetime(2026, 3, 2, tzinfo=UTC)
    request = ContactRequest(
        contact_id=contact_id,
        customer_id="s1",
        channel=channel,
        campaign_id="c",
        offering_id="o",
        category="x",
        purpose="marketing",
        direction="outbound",
        planned_at=at,
    )
    reasons = [Reason(rule_id=rule, rule_version="1", text="a / b")] if rule else []
    word = "suppress" if rule else "permit"
    told = Verdict(contact_id=contact_id, verdict=word, reasons=reasons, next_allowed_at=None, expires_at=None)
    return request, told


def test_verdicts_are_counted_by_channel_and_rule_and_strangers_words_are_no_labels() -> None:
    asked = [
        verdict("1", "sms", None),
        verdict("2", "sms", "daily-cap"),
        verdict("3", "pigeon\n", "governance/unknown-channel"),
    ]
    requests, verdicts = [one for one, _ in asked], [one for _, one in asked]
    before = figure("banyan_governance_suppressions_total", channel="sms", rule="daily-cap")
    assert count_verdicts(requests, verdicts) == verdicts
    assert figure("banyan_governance_permits_total", channel="sms") >= 1
    assert figure("banyan_governance_suppressions_total", channel="sms", rule="daily-cap") == before + 1
    assert figure("banyan_governance_suppressions_total", channel="other") >= 1
    assert "pigeon" not in exposition().decode()


def test_those_who_fall_out_of_a_campaign_are_counted_by_stage_and_rule() -> None:
    cause = Cause("adults-only", "1", "未成年 / under age")
    before = figure("banyan_campaigns_dropped_total", stage="eligible", rule="adults-only")
    count_dropped(
        [(Stage.ELIGIBLE, (cause, cause)), (None, ()), (Stage.AFTER_LISTS, (cause,)), (Stage.ELIGIBLE, (cause,))]
    )
    assert figure("banyan_campaigns_dropped_total", stage="eligible", rule="adults-only") == before + 2
