"""Events in, triggers out, through the use cases on SQLite."""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.customer_view.adapters.tables import customer_event, outbox, trigger_firing
from services.customer_view.adapters.trigger_engine import DurableTriggers
from services.customer_view.application.faults import AudienceKeyTaken, BatchTooLarge, UnknownRule
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import AudienceQuery, CustomerEvent, CustomerRecord, TriggersFired
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import InvalidRequest
from shared.rulekit.durable_backend import EngineFault
from tests.unit.customer_view.rules_folder import write_rules

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Fired = list[tuple[str, str, datetime]]
_numbers = itertools.count()


def event(customer_id: str, kind: str, ago: timedelta, *, of: datetime = NOW, **attributes: Any) -> CustomerEvent:
    number = f"e{next(_numbers)}"
    return CustomerEvent(event_id=number, customer_id=customer_id, type=kind, at=of - ago, attributes=attributes)


def quota(customer_id: str, ago: timedelta, percent: int = 85, *, of: datetime = NOW) -> CustomerEvent:
    return event(customer_id, "quota_passed", ago, of=of, percent=percent)


@pytest.fixture
def fired(settings: Settings) -> Callable[[], Fired]:
    """Return what is stored as fired, after checking that it is what was told."""

    def fired() -> Fired:
        with open_database(settings).read() as connection:
            columns = (trigger_firing.c.trigger_id, trigger_firing.c.customer_id, trigger_firing.c.fired_at)
            stored = [(row[0], row[1], row[2]) for row in connection.execute(sa.select(*columns))]
            query = sa.select(outbox.outbox.c.body).where(outbox.outbox.c.event_type == "triggers_fired")
            events = [msgspec.json.decode(body, type=TriggersFired) for body in connection.scalars(query)]
        told = [(one.trigger, one.customer_id, each.fired_at) for each in events for one in each.firings]
        assert sorted(told) == sorted(stored)
        return sorted(stored)

    return fired


@pytest.fixture
def world(use_cases: UseCases) -> UseCases:
    grown = [CustomerRecord(customer_id=one, facts={"age": 30}) for one in ("a", "b")]
    young = CustomerRecord(customer_id="young", facts={"age": 17})
    use_cases.upsert_customers([*grown, young, CustomerRecord(customer_id="unknown", facts={})])
    return use_cases


def test_two_events_within_the_span_fire_once_and_are_told(world: UseCases, fired: Callable[[], Fired]) -> None:
    world.triggers.record_events([quota("a", 3 * DAY)])
    assert fired() == []
    world.triggers.record_events([quota("a", HOUR), quota("b", HOUR), quota("b", 2 * HOUR, 79)])
    assert fired() == [("quota-twice", "a", NOW)]
    world.triggers.record_events([quota("a", 2 * HOUR)])
    assert len(fired()) == 1


def test_a_trigger_needs_the_subscribers_own_facts_known(world: UseCases, fired: Callable[[], Fired]) -> None:
    world.triggers.record_events([quota(one, ago) for one in ("young", "unknown", "a") for ago in (HOUR, DAY)])
    assert fired() == [("quota-twice", "a", NOW)]


def test_it_fires_again_when_its_span_is_over(world: UseCases, clock: SteeredClock, fired: Callable[[], Fired]) -> None:
    world.triggers.record_events([quota("a", HOUR), quota("a", 2 * HOUR)])
    for days, times in ((29, 1), (1, 2)):
        clock.advance(days * DAY)
        world.triggers.record_events([quota("a", ago, of=clock.now()) for ago in (HOUR, 2 * HOUR)])
        assert len([one for one in fired() if one[0] == "quota-twice"]) == times


def test_a_sequence_fires_only_in_its_order(world: UseCases, fired: Callable[[], Fired]) -> None:
    def trial(who: str, ago: timedelta) -> CustomerEvent:
        return event(who, "trial_started", ago, product="crbt")

    world.triggers.record_events([event("a", "tone_downloaded", DAY), trial("a", HOUR)])
    world.triggers.record_events([event("b", "tone_downloaded", HOUR)])
    assert fired() == []
    world.triggers.record_events([trial("b", DAY)])  # it comes late, but it happened before
    assert fired() == [("trial-then-tone", "b", NOW)]


def test_an_absence_fires_without_an_event_at_the_instant_its_span_is_over(
    world: UseCases, clock: SteeredClock, fired: Callable[[], Fired]
) -> None:
    world.triggers.record_events([quota("a", timedelta()), quota("b", timedelta())])
    clock.advance(4 * DAY)
    world.triggers.record_events([event("b", "top_up", HOUR, of=clock.now(), amount=1000)])
    clock.advance(DAY - timedelta(microseconds=1))
    assert world.triggers.fire_due(None).fired == 0
    clock.advance(timedelta(microseconds=1))
    report = world.triggers.fire_due(None)
    assert (report.judged, report.fired, report.left) == (1, 1, 0)
    assert fired() == [("no-top-up", "a", NOW + 5 * DAY)]
    assert world.triggers.fire_due(None).fired == 0
    clock.advance(5 * DAY)
    assert world.triggers.fire_due(None).fired == 1, "still no top-up, and it may fire again"


def test_an_event_told_ahead_of_its_time_counts_when_its_time_comes(
    world: UseCases, clock: SteeredClock, fired: Callable[[], Fired]
) -> None:
    world.triggers.record_events([quota("a", HOUR), quota("a", -HOUR)])
    assert fired() == []
    clock.advance(HOUR)
    assert world.triggers.fire_due(None).fired == 1


def test_bad_rows_are_named_and_the_good_ones_kept(world: UseCases) -> None:
    good = quota("a", HOUR)
    rows: list[tuple[dict[str, Any], str, str]] = [
        ({"event_id": ""}, "event_id", "bad_event_id"),
        ({"customer_id": "a b"}, "customer_id", "bad_customer_id"),
        ({"customer_id": "nobody"}, "customer_id", "there is no subscriber"),
        ({"type": "quota_past"}, "type", "'quota_passed'"),
        ({"at": datetime(2026, 3, 2, 1)}, "at", "bad_instant"),  # noqa: DTZ001 - that is the fault
        ({"at": NOW + HOUR + timedelta(microseconds=1)}, "at", "too_new"),
        ({"at": NOW - 17 * DAY - timedelta(microseconds=1)}, "at", "too_old"),
        ({"attributes": {"percent": "many"}}, "attributes.percent", "wrong_type"),
        ({"attributes": {"precent": 80}}, "attributes.precent", "unknown_fact"),
    ]
    events = [msgspec.structs.replace(good, **{"event_id": f"x{n}", **row[0]}) for n, row in enumerate(rows)]
    result = world.triggers.record_events([*events, good])
    assert result.written == 1
    assert sorted((fault.index, fault.field) for fault in result.faults) == [(n, row[1]) for n, row in enumerate(rows)]
    for fault in result.faults:
        assert rows[fault.index][2] in fault.message


def test_one_call_carries_so_many_and_no_more(world: UseCases) -> None:
    with pytest.raises(BatchTooLarge):
        world.triggers.record_events([quota("a", HOUR)] * 201, limit=200)


def test_events_are_forgotten_when_no_trigger_looks_back_to_them(
    world: UseCases, clock: SteeredClock, settings: Settings
) -> None:
    def kept() -> int:
        with open_database(settings).read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(customer_event)) or 0)

    world.triggers.record_events([quota("a", 17 * DAY), quota("a", 16 * DAY)])
    assert kept() == 2
    clock.advance(HOUR)
    world.triggers.fire_due(None)
    assert kept() == 1


def test_triggers_that_changed_look_at_everybody_again(
    world: UseCases, settings: Settings, clock: SteeredClock, tmp_path: Path
) -> None:
    world.triggers.record_events([quota("a", HOUR), quota("b", HOUR)])
    world.triggers.fire_due(None)
    assert world.triggers.fire_due(None).judged == 0
    changed = write_rules(tmp_path / "changed")
    rule = changed / "triggers" / "quota-twice" / "rule.yaml"
    rule.write_text(rule.read_text(encoding="utf-8").replace("at_least: 2", "at_least: 1"), encoding="utf-8")
    again = build(replace(settings, rules=changed), clock)
    assert again.triggers.fire_due(None).fired == 2
    assert again.triggers.fire_due(None).judged == 0


def test_until_has_an_offset_and_is_not_in_the_future(world: UseCases) -> None:
    for until in (datetime(2026, 3, 1), NOW + timedelta(microseconds=1)):  # noqa: DTZ001 - that is the fault
        with pytest.raises(InvalidRequest):
            world.triggers.fire_due(until)


def test_only_a_process_with_timers_sweeps_by_itself(
    settings: Settings, world: UseCases, clock: SteeredClock, fired: Callable[[], Fired]
) -> None:
    assert settings.has_timers
    world.triggers.record_events([quota("a", HOUR), quota("a", -HOUR)])
    clock.advance(HOUR)
    world.triggers.tick()  # a steered clock: whoever steers it says when
    assert fired() == []
    world.triggers._has_timers = True
    world.triggers.tick()
    assert len(fired()) == 1


class _Broken(DurableTriggers):
    """An engine that fails for everybody, until it is mended."""

    is_broken = True

    def holding(self, book: Any, subscribers: Sequence[Any], on: date) -> list[frozenset[str] | None]:
        return [None] * len(subscribers) if self.is_broken else super().holding(book, subscribers, on)


def test_when_the_engine_fails_nothing_fires_and_everybody_is_judged_again(
    world: UseCases, fired: Callable[[], Fired]
) -> None:
    engine = world.triggers._engine = _Broken()
    assert world.triggers.record_events([quota("a", HOUR), quota("a", DAY)]).written == 2
    report = world.triggers.fire_due(None)
    assert (report.judged, report.fired, report.left) == (1, 0, 1)
    assert fired() == []
    engine.is_broken = False
    assert world.triggers.fire_due(None).fired == 1


def test_a_rule_the_engine_refuses_fires_for_nobody(world: UseCases, fired: Callable[[], Fired]) -> None:
    asked: list[object] = []
    seconds = [0.0]

    def refuse(book: object) -> Any:
        asked.append(book)
        raise EngineFault("too much for it")

    world.triggers._engine = DurableTriggers(refuse, lambda: seconds[0])
    world.triggers.record_events([quota("a", HOUR), quota("a", DAY)])
    assert world.triggers.fire_due(None).left == 1
    assert fired() == []
    assert len(asked) == 1, "a trial may take long: not at every question"
    seconds[0] += 30
    assert world.triggers.fire_due(None).left == 1
    assert len(asked) == 2


class _Wrong:
    """An engine that says the same of everybody."""

    def __init__(self, *said: str) -> None:
        self._said = said

    def decide(self, facts: Any, *, on: date) -> dict[str, bool]:  # noqa: ARG002 - the port's
        return dict.fromkeys(self._said, True)


@pytest.mark.parametrize("said", [("quota-twice",), ("quota-twice", "no-top-up")])
def test_what_the_engine_lets_fire_and_the_reference_does_not_mean_does_not_fire(
    world: UseCases, fired: Callable[[], Fired], said: tuple[str, ...]
) -> None:
    world.triggers._engine = DurableTriggers(lambda _: _Wrong(*said))
    world.triggers.record_events([quota("a", HOUR), quota("a", DAY), quota("b", HOUR)])
    assert fired() == [("quota-twice", "a", NOW)]


def test_an_audience_is_for_whom_a_trigger_fired_within_a_span(world: UseCases, clock: SteeredClock) -> None:
    world.triggers.record_events([quota("a", HOUR), quota("a", DAY)])
    clock.advance(HOUR)
    world.triggers.record_events([quota("b", HOUR), quota("b", DAY)])

    def size(key: str, **span: datetime) -> list[str]:
        audience = world.audience(AudienceQuery(audience_key=key, trigger="quota-twice", checks=["not-poor"], **span))
        page = world.audience_page(audience.audience_id, "", 10)
        assert audience.size == len(page.members)
        assert all(one.failed == ["not-poor"] for one in page.members)
        return [one.customer_id for one in page.members]

    assert size("all") == ["a", "b"]
    assert size("both ends", since=NOW, until=NOW + HOUR) == ["a", "b"]
    assert size("first", until=NOW + HOUR - timedelta(microseconds=1)) == ["a"]
    assert size("second", since=NOW + timedelta(microseconds=1)) == ["b"]
    assert size("first", until=NOW + HOUR - timedelta(microseconds=1)) == ["a"]
    with pytest.raises(AudienceKeyTaken):
        size("first", until=NOW)


@pytest.mark.parametrize(
    ("query", "fault"),
    [
        ({"trigger": "quota-thrice"}, UnknownRule),
        ({"trigger": "quota-twice", "segment": "silent"}, InvalidRequest),
        ({"segment": "silent", "since": NOW}, InvalidRequest),
        ({"trigger": "quota-twice", "until": datetime(2026, 3, 2)}, InvalidRequest),  # noqa: DTZ001 - that is the fault
    ],
)
def test_an_audience_by_trigger_is_asked_for_properly(
    world: UseCases, query: dict[str, Any], fault: type[Exception]
) -> None:
    with pytest.raises(fault):
        world.audience(AudienceQuery(audience_key="k", **query))


_HISTORY = st.lists(
    st.builds(
        lambda kind, hours, percent: (kind, hours * HOUR, percent),
        st.sampled_from(["quota_passed", "top_up", "trial_started", "tone_downloaded"]),
        st.sampled_from([1, 24, 71, 72, 73, 119, 120, 121, 168]),
        st.sampled_from([79, 80, None]),
    ),
    max_size=6,
)


@given(history=_HISTORY, data=st.data())
@hypothesis_settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_and_repetition_of_events_in_a_batch_change_nothing(
    world: UseCases, fired: Callable[[], Fired], history: list[tuple[str, timedelta, int | None]], data: st.DataObject
) -> None:
    made = {"top_up": {"amount": 100}, "trial_started": {"product": "crbt"}, "tone_downloaded": {}}
    one, other = f"s{next(_numbers)}", f"s{next(_numbers)}"
    world.upsert_customers([CustomerRecord(customer_id=each, facts={"age": 20}) for each in (one, other)])
    events = [event(one, kind, ago, **made.get(kind, {"percent": percent})) for kind, ago, percent in history]
    shuffled = data.draw(st.permutations(events))
    repeated = [*shuffled, *shuffled[:2]]
    world.triggers.record_events(events)
    copies = [msgspec.structs.replace(each, customer_id=other, event_id=f"{each.event_id}-") for each in repeated]
    world.triggers.record_events(copies)
    world.triggers.record_events(copies)
    found = fired()
    assert [name for name, who, _ in found if who == one] == [name for name, who, _ in found if who == other]
