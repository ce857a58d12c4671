"""A process killed at any moment, and another that takes over, end with the contacts of an undisturbed run."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from services.campaigns.application.run_due import Sizes
from services.campaigns.domain.conflicts import Exclusive
from services.campaigns.domain.members import Members
from shared.kernel.text import Text
from shared.persistence import Database
from tests.unit.campaigns.mortality import Crash, MortalDatabase, prepare
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.test_runs import DAY, EVENING, MORNING
from tests.unit.campaigns.world import World, by_chance, offering, plan

ONE_CRBT = Exclusive("one-crbt", "1", Text("原因", "reason"), Members(categories=frozenset({"crbt"})))
NOTICE = [
    {
        "treatment": "only",
        "offering": "app",
        "steps": [{"channel": "sms"}],
        "consent": "silence",
        "silence_hours": 10,
        "revenue_fen": 10,
    }
]
TWO_STEPS = [
    {
        "treatment": "only",
        "offering": "box",
        "steps": [{"channel": "sms"}, {"channel": "outbound_call", "when": ["no_answer"], "after_hours": 2}],
        "revenue_fen": 2000,
    }
]


def begin(database: Database) -> World:
    if isinstance(database, MortalDatabase):
        database.forget_everything()
    world = World(database, rules=FakeRules([ONE_CRBT]), size=30, sizes=Sizes(page=12, batch=10))
    world.offer(offering("tone", "crbt"), offering("box", "crbt"), offering("app", "finance"))
    world.launch(
        plan("a", pace={"sms": 8}), plan("b", "box", treatments=TWO_STEPS), plan("c", "app", treatments=NOTICE)
    )
    world.governance.listed = {"c00003"}
    world.channels.refused = {"c00007"}
    return world


def live(world: World, *, crash: bool) -> World:
    """Live through a day and a morning; where the process dies it is started again and asked for the same."""
    for moment in (MORNING, EVENING, MORNING + DAY):
        while True:
            try:
                world.run_at(moment)
                break
            except Crash:
                assert crash
                world.restart()
        world.answer(lambda each: "delivered" if each.campaign_id == "c" else by_chance(each), moment)
    return world


def everything(world: World) -> tuple[Any, ...]:
    with world.database.read() as connection:
        orders = connection.exec_driver_sql("SELECT contact_id, state, fulfilled_at FROM sales_order ORDER BY 1")
        told = connection.exec_driver_sql("SELECT event_id FROM outbox ORDER BY 1")
        allotted = connection.exec_driver_sql(
            "SELECT campaign_id, channel, granted_at, tried, permitted, spent_fen FROM allotment ORDER BY 1, 2, 3"
        )
        rows = [tuple(row) for row in (*orders, *told, *allotted)]
    return world.contacts(), world.candidates(), rows, sorted(world.channels.orders), sorted(world.governance.ledger)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalDatabase]:
    made = MortalDatabase(f"sqlite:///{tmp_path_factory.mktemp('crashes')}/campaigns.sqlite")
    prepare(made)
    yield made
    made.close()


@dataclass(frozen=True)
class Undisturbed:
    everything: tuple[Any, ...]
    calls: int
    first_write: int
    last_write: int


@pytest.fixture(scope="module")
def undisturbed(database: MortalDatabase) -> Undisturbed:
    world = begin(database)
    first = database.power.writes
    live(world, crash=False)
    return Undisturbed(everything(world), world.trouble.calls, first + 1, database.power.writes)


def test_the_undisturbed_run_does_something_of_everything(undisturbed: Undisturbed) -> None:
    contacts, candidates, *_ = undisturbed.everything
    assert {row[7] for row in contacts} >= {"suppressed", "answered", "failed"}
    assert {row[5] for row in contacts} == {1, 2}, "two steps"
    assert set(candidates.values()) >= {"control", "dropped", "accepted", "refused", "ready"}


def test_nobody_is_contacted_twice_for_one_attempt(undisturbed: Undisturbed) -> None:
    contacts = undisturbed.everything[0]
    attempts = Counter((row[1], row[2], row[3], row[5], row[6]) for row in contacts)
    assert set(attempts.values()) == {1}


@pytest.mark.parametrize("after", [False, True], ids=["request lost", "answer lost"])
def test_a_crash_at_any_call_to_another_service_changes_nothing(
    undisturbed: Undisturbed, database: MortalDatabase, *, after: bool
) -> None:
    assert undisturbed.calls > 20
    for at in range(1, undisturbed.calls + 1):
        world = begin(database)
        world.trouble.at, world.trouble.after = at, after
        assert everything(live(world, crash=True)) == undisturbed.everything, f"call {at}"


@pytest.mark.parametrize("committed", [False, True], ids=["before commit", "after commit"])
def test_a_crash_at_any_transaction_changes_nothing(
    undisturbed: Undisturbed, database: MortalDatabase, *, committed: bool
) -> None:
    for at in range(undisturbed.first_write, undisturbed.last_write + 1):
        world = begin(database)
        database.power.crash_at, database.power.committed = at, committed
        assert everything(live(world, crash=True)) == undisturbed.everything, f"transaction {at}"
