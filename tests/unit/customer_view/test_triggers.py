"""Events in, triggers out, through the use cases on SQLite."""

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from services.customer_view.adapters.tables import customer_event
from services.customer_view.application.faults import AudienceKeyTaken, BatchTooLarge, UnknownRule
from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, open_database
from services.customer_view.settings import Settings
from shared.contracts.customer_view import AudienceQuery, CustomerEvent, CustomerRecord
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import InvalidRequest
from tests.unit.customer_view.happenings import DAY, HOUR, NOW, Fired, event, quota
from tests.unit.customer_view.rules_folder import write_rules


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


_subscribers = itertools.count()
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
    one, other = f"s{next(_subscribers)}", f"s{next(_subscribers)}"
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
