"""Who is new to a phase by trigger, and what is forgotten, on both databases."""

from datetime import timedelta

import pytest

from services.campaigns.adapters.store import SqlStore, SqlTransaction
from services.campaigns.adapters.tables import candidate, phase
from services.campaigns.domain.phase import OpenPhase, PhaseState
from shared.persistence import Database
from shared.persistence.bulk import insert_rows
from tests.integration.campaigns.base import HOUR, START, a_candidate, a_phase

pytestmark = pytest.mark.servers
TRIGGERS = {("a", "p1"): "t", ("b", "p1"): "t", ("b", "p2"): "u"}


@pytest.fixture
def store(base: Database) -> SqlStore:
    phases = [a_phase(), a_phase(campaign_id="b"), a_phase("p2", "b", starts_at=START + 9 * HOUR)]
    with base.write() as connection:
        insert_rows(connection, phase, phases)
        insert_rows(connection, candidate, [a_candidate("member"), a_candidate("other", "b")])
    return SqlStore(base)


def put(tx: SqlTransaction) -> None:
    for hours, trigger, who in ((-1, "t", "x"), (0, "t", "x"), (2, "t", "y"), (1, "t", "member"), (8, "u", "x")):
        tx.firings.put([(trigger, who), (trigger, who)], START + hours * HOUR)


def test_newcomers_are_those_who_are_not_in_the_phase_since_it_began(store: SqlStore) -> None:
    with store.write() as tx:
        put(tx)
        put(tx)
        assert tx.firings.newcomers(TRIGGERS, START + 2 * HOUR) == {
            ("a", "p1"): (START, START + 2 * HOUR),
            ("b", "p1"): (START, START + 2 * HOUR),
        }
        assert tx.firings.newcomers(TRIGGERS, START + HOUR)["b", "p1"] == (START, START + HOUR)
        assert tx.firings.newcomers({("a", "p1"): "gone"}, START + 2 * HOUR) == {}
        assert tx.firings.newcomers({}, START) == {}


def test_members_of_the_phase_are_told_from_members_of_others(store: SqlStore) -> None:
    one = OpenPhase("a", "p1", PhaseState.TAKING_IN, START, START + HOUR, "x", "")
    with store.read() as tx:
        assert tx.candidates.present(one, ["member", "other", "nobody"]) == {"member"}


def test_what_fired_before_any_phase_that_is_not_over_is_forgotten(store: SqlStore, base: Database) -> None:
    def left(moment_hours: int) -> int:
        with store.write() as tx:
            tx.firings.forget(START + moment_hours * HOUR)
        with base.read() as connection:
            return int(connection.exec_driver_sql("SELECT count(*) FROM trigger_firing").scalar() or 0)

    with store.write() as tx:
        put(tx)
    assert left(99) == 4
    with base.write() as connection:
        connection.execute(phase.update().values(state="closed", ends_at=START + timedelta(hours=1)))
    assert left(2) == 2
    assert left(99) == 0
