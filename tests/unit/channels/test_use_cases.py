"""Dispatch, work lists, outcomes and the runner, over fakes."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.channels.adapters.hall import Hall
from services.channels.adapters.simulator import Simulator
from services.channels.application.announcing import EVENT_ITEMS
from services.channels.application.faults import BatchTooLarge
from services.channels.application.running import LEASE
from services.channels.domain.sending import Failed, Queued
from shared.contracts.channels import RunResult
from shared.contracts.wire import CHANNELS
from shared.kernel.faults import InvalidRequest, NotAllowed, NotFound
from tests.unit.channels.making import NINE, Gateway, KilledError, Rig, asked


def test_good_orders_are_taken_and_bad_ones_reported_by_index_and_field() -> None:
    rig = Rig()
    result = rig.use.dispatch([asked("a"), asked("b", expires_at=NINE), asked("c")])
    assert result.taken == 2
    assert [(fault.index, fault.field) for fault in result.faults] == [(1, "expires_at")]
    assert set(rig.store.standings) == {"a", "c"}


def test_an_order_already_known_counts_as_taken_and_changes_nothing() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    again = rig.use.dispatch([asked("a", script_zh="other words"), asked("a")])
    assert (again.taken, again.faults) == (2, [])
    assert rig.store.standings["a"].order.script_zh == "您好"


def test_a_batch_beyond_the_bulk_limit_is_refused_whole() -> None:
    rig = Rig()
    with pytest.raises(BatchTooLarge):
        rig.use.dispatch([asked("a")] * 5_001)
    assert rig.store.standings == {}


def test_nothing_is_sent_before_its_time() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)
    assert rig.store.events == {}


def test_a_simulated_call_is_made_when_planned_and_answered_minutes_later() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a", propensity={"accepted": 1.0})])
    rig.clock.move_to(NINE)
    assert rig.use.run_due(NINE) == RunResult(sent=1, failed=0, answered=0)
    rig.clock.move_to(NINE + timedelta(hours=1))
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=1)
    [sent], [outcome] = rig.told("contacts_sent"), rig.told("outcomes_recorded")
    assert sent.at == NINE
    assert (outcome.outcome, outcome.simulated) == ("accepted", True)
    assert NINE < outcome.at <= NINE + timedelta(minutes=8)


def test_a_late_runner_simulates_the_same_contacts_as_a_punctual_one() -> None:
    rigs = Rig(), Rig()
    for rig, steps in zip(rigs, (range(1, 30), (29,)), strict=True):
        rig.use.dispatch([asked(f"c{n}", channel=CHANNELS[n % 5], propensity={"accepted": 0.4}) for n in range(50)])
        for hour in steps:
            rig.clock.move_to(NINE + timedelta(hours=hour))
            rig.use.run_due()
    punctual, late = ({c.contact_id: c for c in rig.told("contacts_sent")} for rig in rigs)
    assert punctual == late
    assert len(late) > 30


def test_an_expired_order_lapses_and_is_told_as_failed() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    rig.clock.move_to(NINE + timedelta(days=2, seconds=1))
    assert rig.use.run_due() == RunResult(sent=0, failed=1, answered=0)
    assert [failed.contact_id for failed in rig.told("contacts_failed")] == ["a"]
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)


def test_who_never_comes_to_the_hall_is_never_contacted() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a", channel="hall")])
    rig.clock.move_to(NINE + timedelta(days=2))
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)
    rig.clock.move_to(NINE + timedelta(days=3))
    assert rig.use.run_due() == RunResult(sent=0, failed=1, answered=0)


def test_a_run_into_the_future_is_not_allowed() -> None:
    rig = Rig()
    with pytest.raises(NotAllowed):
        rig.use.run_due(NINE)
    with pytest.raises(InvalidRequest):
        rig.use.run_due(datetime(2026, 3, 2))  # noqa: DTZ001 - the fault under test


def test_events_carry_a_bounded_number_of_contacts() -> None:
    rig = Rig()
    rig.use.dispatch([asked(f"c{n}") for n in range(EVENT_ITEMS + 1)])
    rig.clock.move_to(NINE)
    rig.use.run_due()
    sizes = [len(event.contacts) for (kind, _), event in rig.store.events.items() if kind == "contacts_sent"]
    assert sizes == [EVENT_ITEMS, 1]


def test_a_listed_contact_waits_for_a_person_and_shows_its_script() -> None:
    rig = Rig(adapters={"hall": Hall()})
    rig.use.dispatch([asked("b", channel="hall"), asked("a", channel="hall", planned_at=NINE + timedelta(hours=9))])
    rig.clock.move_to(NINE)
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)
    [item] = rig.use.worklist("hall", 10)
    assert (item.contact_id, item.state, item.script_zh) == ("b", "waiting", "您好")
    assert rig.use.worklist("web", 10) == []
    rig.clock.move_to(NINE + timedelta(days=3))
    assert rig.use.worklist("hall", 10) == []


def test_the_first_outcome_of_a_person_tells_that_the_contact_took_place() -> None:
    rig = Rig(adapters={"outbound_call": Hall()})
    rig.use.dispatch([asked("a")])
    rig.clock.move_to(NINE + timedelta(minutes=5))
    rig.use.run_due()
    item = rig.use.record_outcome("a", "refused", "太贵")
    assert (item.state, item.outcome, item.detail) == ("answered", "refused", "太贵")
    assert rig.use.record_outcome("a", "refused", "other words") == item
    with pytest.raises(NotAllowed):
        rig.use.record_outcome("a", "accepted", "")
    assert len(rig.told("contacts_sent")) == 1
    [outcome] = rig.told("outcomes_recorded")
    assert (outcome.outcome, outcome.detail, outcome.simulated) == ("refused", "太贵", False)
    assert rig.use.worklist("outbound_call", 10) == []


def test_an_objection_after_the_delivery_receipt_is_told_too() -> None:
    rig = Rig(adapters={"sms": Gateway()})
    rig.use.dispatch([asked("a", channel="sms")])
    rig.clock.move_to(NINE)
    rig.use.run_due()
    rig.use.record_outcome("a", "delivered", "")
    assert rig.use.record_outcome("a", "opt_out", "回复TD").outcome == "opt_out"
    assert rig.use.record_outcome("a", "delivered", "").outcome == "opt_out"
    assert [outcome.outcome for outcome in rig.told("outcomes_recorded")] == ["delivered", "opt_out"]
    assert len(rig.told("contacts_sent")) == 1


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (("nobody", "accepted", ""), NotFound),
        (("\x00", "accepted", ""), NotFound),
        (("a", "delivered", ""), InvalidRequest),
        (("a", "accepted", "\x00"), InvalidRequest),
        (("a", "accepted", "x" * 1_001), InvalidRequest),
        (("a", "accepted", ""), NotAllowed),  # planned for later
    ],
)
def test_a_wrong_outcome_is_a_coded_fault_and_leaves_nothing_behind(arguments: Any, fault: type[Exception]) -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    with pytest.raises(fault):
        rig.use.record_outcome(*arguments)
    assert rig.store.standings["a"].progress.state == "waiting"
    assert rig.store.events == {}


def test_a_work_list_longer_than_a_screen_is_refused() -> None:
    with pytest.raises(BatchTooLarge):
        Rig().use.worklist("hall", 201)
    with pytest.raises(InvalidRequest):
        Rig().use.worklist("hall", -1)


def test_killed_between_sending_and_noting_it_the_contact_is_told_once() -> None:
    gateway = Gateway(crash=True)
    rig = Rig(adapters={"sms": gateway})
    rig.use.dispatch([asked("a", channel="sms")])
    rig.clock.move_to(NINE)
    with pytest.raises(KilledError):
        rig.use.run_due()
    gateway.crash = False
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0), "the lease still holds"
    rig.machine_clock.advance(LEASE)
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=0)
    assert gateway.received == ["a", "a"], "sent again under the same id, which the gateway knows"
    assert [sent.contact_id for sent in rig.told("contacts_sent")] == ["a"]


def test_killed_and_found_again_too_late_the_contact_counts_as_made() -> None:
    gateway = Gateway(crash=True)
    rig = Rig(adapters={"sms": gateway})
    rig.use.dispatch([asked("a", channel="sms")])
    rig.clock.move_to(NINE)
    with pytest.raises(KilledError):
        rig.use.run_due()
    rig.clock.advance(timedelta(days=3))
    rig.machine_clock.advance(timedelta(days=3))
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=0)
    assert gateway.received == ["a"], "an expired contact is not sent again"


def test_killed_while_noting_a_simulated_page_nothing_of_it_is_kept() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    rig.clock.move_to(NINE)
    broken = Rig(store=_DiesOnTell(rig.store), clock=rig.clock)
    with pytest.raises(KilledError):
        broken.use.run_due()
    assert rig.store.standings["a"].progress.state == "waiting"
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=0)


def test_an_outcome_recorded_while_the_message_was_on_its_way_is_not_told_twice() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a", channel="sms")])
    rig.clock.move_to(NINE)

    class Quick(Gateway):
        def send(self, orders: Any, now: datetime) -> list[Any]:
            rig.use.record_outcome("a", "delivered", "")
            return super().send(orders, now)

    rig.adapters = {"sms": Quick()}
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)
    assert len(rig.told("contacts_sent")) == len(rig.told("outcomes_recorded")) == 1
    assert rig.store.standings["a"].progress.state == "answered"


def test_what_the_gateway_refuses_for_good_fails_and_what_it_could_not_take_is_tried_again() -> None:
    later = NINE + timedelta(minutes=1)
    gateway = Gateway(verdicts={"a": Failed("a", "no such number"), "b": Queued("b", later, unsure=True)})
    rig = Rig(adapters={"sms": gateway})
    rig.use.dispatch([asked("a", channel="sms"), asked("b", channel="sms")])
    rig.clock.move_to(NINE)
    assert rig.use.run_due() == RunResult(sent=0, failed=1, answered=0)
    assert [failed.reason for failed in rig.told("contacts_failed")] == ["no such number"]
    gateway.verdicts.clear()
    rig.clock.move_to(later)
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=0)


def test_the_timer_leaves_a_steered_clock_alone() -> None:
    rig = Rig()
    rig.use.dispatch([asked("a")])
    rig.clock.move_to(NINE)
    rig.use.tick()
    assert rig.store.events == {}


def test_simulated_answers_are_marked_in_the_store_as_well() -> None:
    rig = Rig(adapters={"outbound_call": Simulator("7")})
    rig.use.dispatch([asked("a")])
    rig.clock.move_to(NINE + timedelta(hours=1))
    rig.use.run_due()
    assert rig.store.standings["a"].progress.simulated


class _DiesOnTell:
    """A store whose process is killed after the state change, before the event."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.due = store.due

    @contextmanager
    def unit(self) -> Iterator[Any]:
        with self._store.unit() as unit:
            unit.tell = _die
            yield unit


def _die(*_: Any, **__: Any) -> None:
    raise KilledError
