"""Who was erased is protected as before: counts, lists and cooling-off go on, also while others write."""

import json
import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest

from services.governance.application.rechecking import Rechecking
from services.governance.domain.instants import from_micros
from shared.contracts.channels import OutcomesRecorded, RecordedOutcome
from shared.contracts.governance import OverrideProposal
from tests.integration.governance.known_subscriber import (
    CONTACT,
    NUMBER,
    POLICIES,
    entry,
    everything,
    keyed,
    lead_a_life,
)
from tests.integration.governance.world import START, WEEKLY, World


@pytest.fixture
def world(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> World:
    return keyed(make_on(database_url, POLICIES))


def test_an_erased_subscriber_is_protected_as_before_and_answered_under_the_ids_asked_by(world: World) -> None:
    lead_a_life(world)
    first = world.use.reserve([world.ask(CONTACT, 1, customer_id=NUMBER)])
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.use.reserve([world.ask(CONTACT, 1, customer_id=NUMBER)]) == first
    asked = [world.ask("again", 300, customer_id=NUMBER), world.ask("ben-2", 600, customer_id="cleo")]
    for told in (world.use.check(asked), world.use.reserve(asked)):
        assert [verdict.contact_id for verdict in told] == ["again", "ben-2"]
        assert {reason.rule_id for reason in told[0].reasons} == {"black", "cooling"}
        assert told[1].verdict == "permit"
    assert [one.rule_id for one in world.use.screen(asked)[0].reasons] == ["black"]
    assert world.use.explain("again").request.contact_id == "again"
    history = world.use.history(NUMBER)
    assert {one.request.customer_id for one in history} == {NUMBER}
    assert len(history) == 4
    assert NUMBER not in everything(world)


def test_counts_go_on_across_an_erasure(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> None:
    world = keyed(make_on(database_url, {"weekly": WEEKLY}))  # two in any seven days
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.permits("b", 2, customer_id=NUMBER)
    assert not world.permits("c", 3, customer_id=NUMBER)
    assert [one.state for one in world.use.confirm(["a", "b", "never"])] == ["confirmed", "confirmed", "unknown"]
    assert [one.state for one in world.use.release(["a", "b"], "late")] == ["confirmed", "confirmed"]
    assert not world.permits("d", 4, customer_id=NUMBER)


def test_lists_outcomes_and_overrides_go_on_under_the_pseudonym(world: World) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    world.use.list_put("black", [entry(reason="asked"), entry(customer_id="ben", reason="asked")])
    assert [one.customer_id for one in world.use.list_read("black", "", 10, NUMBER).entries] == [NUMBER]
    assert not world.permits("b", 30, customer_id=NUMBER)
    proposal = OverrideProposal(
        override_id="o",
        customer_id=NUMBER,
        rule_id="black",
        reason="asked",
        author="li",
        ends_at=START + timedelta(days=9),
    )
    assert world.use.override_propose(proposal).customer_id == NUMBER
    world.use.override_approve("o", "wang")
    assert world.permits("c", 31, customer_id=NUMBER)
    assert [one.customer_id for one in world.use.overrides(NUMBER)] == [NUMBER]
    assert [one.verdict for one in world.use.recheck(["c"])] == ["permit"]
    assert world.use.list_remove("black", [NUMBER, "nobody"], "clerk", "moved") == 1
    outcome = RecordedOutcome(
        contact_id="a",
        customer_id=NUMBER,
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome="opt_out",
        detail="",
        at=world.clock.now(),
    )
    world.use.outcomes_recorded("outcome", OutcomesRecorded(outcomes=[outcome]))
    assert world.reserve("e", 40, customer_id=NUMBER).reasons[0].rule_id == "opt-out"
    assert [one.contact_id for one in world.use.recheck(["c"])] == ["c"]
    assert NUMBER not in everything(world)
    told = [json.loads(body) for (body,) in world.rows("SELECT body FROM outbox ORDER BY sequence")]
    assert [(one["put"], one["removed"]) for one in told] == [
        ([NUMBER, "ben"], []),
        ([], [NUMBER]),
        ([NUMBER], []),
    ]  # other services know her by her number


def test_an_override_ends_with_the_erasure(world: World) -> None:
    lead_a_life(world)
    assert world.use.overrides(NUMBER)[0].state == "in_force"
    world.use.subscriber_erase(NUMBER, "officer", "request 17")
    assert world.use.overrides(NUMBER)[0].state == "withdrawn"
    assert "black" in {one.rule_id for one in world.reserve("x", 50, customer_id=NUMBER).reasons}


@pytest.mark.servers
def test_erasing_while_others_reserve_leaves_no_row_behind_and_no_window_overfull(
    make_on: Callable[[str, Mapping[str, str]], World], postgres_database: Callable[[], str]
) -> None:
    world = keyed(make_on(postgres_database(), {"weekly": WEEKLY}))
    customers = [f"{NUMBER}{number}" for number in range(6)]
    faults: list[BaseException] = []
    start = threading.Barrier(4)

    def write(writer: int) -> None:
        use = world.another()
        start.wait()
        try:
            for turn in range(12):
                asked = [
                    world.ask(f"{customer}-{writer}-{turn}", 1 + turn * 5 + writer, customer_id=customer)
                    for customer in customers
                ]
                permitted = [one.contact_id for one in use.reserve(asked) if one.verdict == "permit"]
                use.confirm(permitted[:2])
                use.release(permitted[2:], "busy")
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    def erase() -> None:
        use = world.another()
        start.wait()
        try:
            for customer in customers:
                use.subscriber_erase(customer, "officer", "request")
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(3)] + [threading.Thread(target=erase)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    assert NUMBER not in everything(world)
    rows = world.rows("SELECT customer_id, planned_at FROM contact WHERE state <> 'released' ORDER BY planned_at")
    for customer in {customer for customer, _ in rows}:
        at = [from_micros(planned) for name, planned in rows if name == customer]
        assert all(third - first >= timedelta(days=7) for first, third in zip(at, at[2:], strict=False))


def test_an_erasure_between_reading_and_judging_does_not_let_a_withdrawn_reservation_through(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert world.permits("a", 1, customer_id=NUMBER)
    world.use.list_put("black", [entry()])
    judged, erased = Rechecking._judged, world.another()

    def erase_first(self: Rechecking, *doubtful: Any) -> Any:
        erased.subscriber_erase(NUMBER, "officer", "request 17")
        return judged(self, *doubtful)

    monkeypatch.setattr(Rechecking, "_judged", erase_first)
    told = world.use.recheck(["a"])[0]
    assert (told.contact_id, told.verdict, told.reasons[0].rule_id) == ("a", "suppress", "black")
