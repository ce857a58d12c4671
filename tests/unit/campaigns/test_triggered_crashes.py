"""A process killed at any moment takes everybody in whom a trigger fired for, each once, as an undisturbed one does."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from services.campaigns.application.run_due import Sizes
from tests.unit.campaigns.mortality import Crash, MortalDatabase, prepare
from tests.unit.campaigns.test_crashes import everything
from tests.unit.campaigns.test_triggered_phases import PHASE, fire
from tests.unit.campaigns.world import MORNING, World, by_chance, offering, plan

HOUR = timedelta(hours=1)
ROUNDS = (range(5), range(3, 9))
"""Whom it fires for before each run; some again."""


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MortalDatabase]:
    made = MortalDatabase(f"sqlite:///{tmp_path_factory.mktemp('crashes')}/campaigns.sqlite")
    prepare(made)
    yield made
    made.close()


def begin(database: MortalDatabase) -> World:
    database.forget_everything()
    world = World(database, size=0, sizes=Sizes(page=3, batch=4))
    world.offer(offering("tone", "crbt"))
    world.launch(plan("a", phases=[PHASE]))
    world.governance.listed = {"c00003"}
    return world


def live(world: World, *, crash: bool) -> tuple[Any, ...]:
    for number, who in enumerate(ROUNDS):
        moment = MORNING + number * HOUR
        fire(world, moment, *(f"c{each:05d}" for each in who))
        while True:
            try:
                world.run_at(moment)
                break
            except Crash:
                assert crash
                world.restart()
        world.answer(by_chance, moment)
    return everything(world)


@pytest.fixture(scope="module")
def undisturbed(database: MortalDatabase) -> tuple[tuple[Any, ...], int, range]:
    world = begin(database)
    first = database.power.writes
    seen = live(world, crash=False)
    members = [who for who, campaign in world.candidates() if campaign == "a"]
    assert sorted(members) == [f"c{number:05d}" for number in range(9)]
    return seen, world.trouble.calls, range(first + 1, database.power.writes + 1)


@pytest.mark.parametrize("after", [False, True], ids=["request lost", "answer lost"])
def test_a_crash_at_any_call_changes_nothing(
    undisturbed: tuple[tuple[Any, ...], int, range], database: MortalDatabase, *, after: bool
) -> None:
    expected, calls, _ = undisturbed
    for at in range(1, calls + 1):
        world = begin(database)
        world.trouble.at, world.trouble.after = at, after
        assert live(world, crash=True) == expected, f"call {at}"


@pytest.mark.parametrize("committed", [False, True], ids=["before commit", "after commit"])
def test_a_crash_at_any_transaction_changes_nothing(
    undisturbed: tuple[tuple[Any, ...], int, range], database: MortalDatabase, *, committed: bool
) -> None:
    expected, _, writes = undisturbed
    for at in writes:
        world = begin(database)
        database.power.crash_at, database.power.committed = at, committed
        assert live(world, crash=True) == expected, f"transaction {at}"
