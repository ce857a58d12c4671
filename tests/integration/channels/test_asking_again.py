"""Before a contact is made governance is asked again: on the fake store, SQLite and PostgreSQL."""

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from services.channels.adapters.hall import Hall
from services.channels.adapters.simulator import Simulator
from services.channels.adapters.store import SqlStore
from services.channels.application.ports import Store
from services.channels.application.running import EXTERNAL_PAGE, LEASE
from services.channels.dependencies import MIGRATIONS
from services.channels.domain.progress import Standing, leased
from services.channels.domain.sending import Queued
from shared.contracts.channels import RunResult
from shared.contracts.governance import Verdict
from shared.kernel.faults import Unavailable
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.unit.channels.making import NINE, FakeStore, Gateway, KilledError, Rig, asked

NOTHING = RunResult(sent=0, failed=0, answered=0)


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore()
        return
    url = f"sqlite:///{tmp_path}/channels.sqlite"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    migrate(database, MIGRATIONS)
    yield SqlStore(database)
    database.close()


def texting(store: Store) -> tuple[Rig, Gateway]:
    gateway = Gateway()
    rig = Rig(store=store, adapters={"sms": gateway})
    rig.use.dispatch([asked(name, channel="sms") for name in ("a", "b", "c")])
    rig.clock.move_to(NINE)
    return rig, gateway


def test_one_question_is_asked_for_a_page_and_what_is_withdrawn_is_not_sent(store: Store) -> None:
    rig, gateway = texting(store)
    rig.governance.suppressed["b"] = "opt-out-list"
    assert rig.use.run_due() == RunResult(sent=2, failed=1, answered=0)
    assert rig.governance.asked == [["a", "b", "c"]]
    assert gateway.received == ["a", "c"]
    assert rig.use.run_due() == NOTHING
    assert len(rig.governance.asked) == 1


def test_nothing_is_sent_while_governance_is_silent_and_everything_once_it_answers(store: Store) -> None:
    rig, gateway = texting(store)
    rig.governance.is_silent = True
    with pytest.raises(Unavailable):
        rig.use.run_due()
    assert (gateway.received, len(rig.governance.asked)) == ([], 1)
    rig.governance.is_silent = False
    assert rig.use.run_due() == RunResult(sent=3, failed=0, answered=0)


def test_the_timer_bears_silence_and_asks_again_at_its_next_tick(store: Store) -> None:
    rig, gateway = texting(store)
    rig.is_timed = rig.governance.is_silent = True
    rig.use.tick()
    rig.governance.is_silent = False
    rig.use.tick()
    assert gateway.received == ["a", "b", "c"]


def test_what_governance_cannot_judge_is_put_off_and_neither_sent_nor_failed(store: Store) -> None:
    rig, gateway = texting(store)
    rig.governance.suppressed["b"] = "governance/rules-unreadable"
    assert rig.use.run_due() == RunResult(sent=2, failed=0, answered=0, postponed=1)
    rig.governance.suppressed.clear()
    rig.clock.advance(timedelta(minutes=1))
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=0)
    assert gateway.received == ["a", "c", "b"]


def test_a_retry_is_asked_about_too_and_one_that_may_have_arrived_counts_as_sent(store: Store) -> None:
    rig, gateway = texting(store)
    later = NINE + timedelta(minutes=1)
    gateway.verdicts = {"a": Queued("a", later), "b": Queued("b", later, unsure=True)}
    rig.use.run_due()
    rig.governance.suppressed |= {"a": "opt-out-list", "b": "opt-out-list"}
    rig.clock.move_to(later)
    assert rig.use.run_due() == RunResult(sent=1, failed=1, answered=0)
    assert gateway.received == ["a", "b", "c"]


def test_whoever_takes_over_after_a_crash_asks_again(store: Store) -> None:
    rig, gateway = texting(store)
    gateway.crash = True
    with pytest.raises(KilledError):
        rig.use.run_due()
    gateway.crash = False
    rig.machine_clock.advance(LEASE)
    rig.governance.suppressed |= dict.fromkeys(("a", "b", "c"), "opt-out-list")
    assert rig.use.run_due() == RunResult(sent=3, failed=0, answered=0)  # may have arrived: counted
    assert gateway.received == ["a", "b", "c"]


def test_simulated_contacts_are_asked_about_and_their_answers_collected_in_silence(store: Store) -> None:
    rig = Rig(store=store, adapters={"outbound_call": Simulator("7")})
    rig.use.dispatch([asked(name, propensity={"accepted": 1.0}) for name in ("a", "b")])
    rig.governance.suppressed["b"] = "cooling-off-refusal"
    rig.clock.move_to(NINE)
    assert rig.use.run_due() == RunResult(sent=1, failed=1, answered=0)
    rig.use.dispatch([asked("c")])
    rig.clock.advance(timedelta(hours=1))
    rig.governance.is_silent = True
    with pytest.raises(Unavailable):
        rig.use.run_due()
    rig.governance.is_silent = False
    assert rig.use.run_due() == RunResult(sent=1, failed=0, answered=1)  # of c; what a said is in already


def test_a_runner_whose_page_others_were_quicker_to_take_goes_on_with_the_rest(store: Store) -> None:
    gateway = Gateway()
    rig = Rig(store=store, adapters={"sms": gateway})
    rig.use.dispatch([asked(f"c{n:03}", channel="sms") for n in range(EXTERNAL_PAGE + 50)])
    rig.clock.move_to(NINE)
    recheck = rig.governance.recheck

    def taken_meanwhile(contact_ids: Sequence[str]) -> list[Verdict]:
        if len(rig.governance.asked) == 0:
            with store.unit() as unit:
                mine = unit.due(contact_ids, NINE, rig.machine_clock.now())
                until = rig.machine_clock.now() + LEASE
                unit.save([Standing(item.order, leased(item.progress, "another's", until)) for item in mine])
        return recheck(contact_ids)

    rig.governance.recheck = taken_meanwhile  # type: ignore[method-assign]  # another runner is at work
    assert rig.use.run_due() == RunResult(sent=50, failed=0, answered=0)
    assert gateway.received == [f"c{n:03}" for n in range(EXTERNAL_PAGE, EXTERNAL_PAGE + 50)]


@pytest.mark.servers
def test_a_runner_leaves_what_others_hold_to_them(postgres_database: Callable[[], str]) -> None:
    database = Database(postgres_database())
    migrate(database, MIGRATIONS)
    store = SqlStore(database)
    rig, gateway = texting(store)
    with store.unit() as unit:
        assert len(unit.due(["a", "b", "c"], NINE, rig.machine_clock.now())) == 3
        assert rig.use.run_due() == NOTHING
    assert (gateway.received, len(rig.governance.asked)) == ([], 2)
    assert rig.use.run_due() == RunResult(sent=3, failed=0, answered=0)
    database.close()


def test_a_work_list_shows_only_contacts_that_may_still_be_made(store: Store) -> None:
    rig = Rig(store=store, adapters={"hall": Hall()})
    rig.use.dispatch([asked(name, channel="hall") for name in ("a", "b", "c")])
    rig.clock.move_to(NINE)
    rig.use.run_due()
    assert rig.governance.asked == []  # nobody has seen one yet
    rig.governance.suppressed |= {"a": "opt-out-list", "b": "governance/clock-behind"}
    assert [item.contact_id for item in rig.use.worklist("hall", 9)] == ["c"]
    rig.governance.suppressed.clear()
    assert [item.contact_id for item in rig.use.worklist("hall", 9)] == ["b", "c"]
    rig.governance.is_silent = True
    with pytest.raises(Unavailable):
        rig.use.worklist("hall", 9)
    assert rig.use.record_outcome("b", "accepted", "").outcome == "accepted"


def test_a_withdrawn_contact_is_told_as_failed_with_the_decisive_reason() -> None:
    rig, _ = texting(FakeStore())
    rig.governance.suppressed["b"] = "opt-out-list"
    rig.use.run_due()
    [failed] = rig.told("contacts_failed")
    assert (failed.contact_id, failed.reason) == ("b", "withdrawn: opt-out-list 不予 / opt-out-list says no")
    assert [one.contact_id for one in rig.told("contacts_sent")] == ["a", "c"]


def test_an_answer_about_other_contacts_is_no_answer() -> None:
    rig, gateway = texting(FakeStore())
    whole = rig.governance.recheck
    rig.governance.recheck = lambda contact_ids: whole(contact_ids)[1:]  # type: ignore[method-assign]  # a faulty one
    with pytest.raises(Unavailable):
        rig.use.run_due()
    assert gateway.received == []
