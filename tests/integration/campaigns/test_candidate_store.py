"""Candidates, the phases they belong to and the allotments they are granted, kept on both databases."""

from datetime import datetime, timedelta

import pytest

from services.campaigns.application.store_ports import Store
from services.campaigns.domain.candidate import CandidateState, Cause, Membership, Stage
from services.campaigns.domain.outcomes import CandidateMove
from services.campaigns.domain.pacing import Allotment
from shared.contracts.customer_view import Audience
from shared.persistence import Database
from tests.unit.campaigns.world import MORNING, World, offering, plan

pytestmark = pytest.mark.servers
HOUR = timedelta(hours=1)
CAUSE = Cause("rule", "1", "原因 / reason\twith a tab")


def member(customer_id: str, **changes: object) -> Membership:
    made = Membership(customer_id, "a", "p1", "main", 5, held=False, city="fuzhou")
    made.treatment, made.offering_id, made.channel, made.score, made.due_at = "only", "tone", "sms", 2.0, MORNING
    for name, value in changes.items():
        setattr(made, name, value)
    return made


@pytest.fixture
def filled(store: Store, database: Database) -> Store:
    """Make a live campaign with an open phase and three ready candidates of different rank."""
    world = World(database)
    world.offer(offering("tone", "crbt"))
    world.launch(plan("a"))
    with store.write() as tx:
        phase = tx.phases.due(MORNING)[0]
        tx.phases.open_with(
            phase, Audience(audience_id="x", size=3, rule_set="r1", unknown=2, unknown_facts={"age": 2})
        )
        tx.candidates.add([member("c1", score=1.0), member("c2", score=3.0), member("c3", draw=1)])
        tx.phases.judged([phase], "c3")
        tx.phases.opened([phase])
    return store


def ids_ready(store: Store, moment: datetime = MORNING) -> list[str]:
    with store.read() as tx:
        return [each.customer_id for each in tx.candidates.ready("a", "sms", moment, MORNING + HOUR, None, 10)]


def test_ready_candidates_come_best_first_and_page_by_page(filled: Store) -> None:
    assert ids_ready(filled) == ["c2", "c3", "c1"]
    with filled.read() as tx:
        first = tx.candidates.ready("a", "sms", MORNING, MORNING + HOUR, None, 2)
        rest = tx.candidates.ready("a", "sms", MORNING, MORNING + HOUR, first[-1], 2)
        assert [each.customer_id for each in (*first, *rest)] == ["c2", "c3", "c1"]
        assert tx.candidates.count_ready("a", "sms", MORNING, MORNING + HOUR, 2) == 2
        assert tx.candidates.count_ready("a", "sms", MORNING, MORNING, 9) == 0, "nobody is due before"


def test_a_postponed_candidate_is_not_tried_twice_in_one_run(filled: Store) -> None:
    with filled.write() as tx:
        first = tx.candidates.ready("a", "sms", MORNING, MORNING + HOUR, None, 1)[0]
        tx.candidates.postpone([(first, MORNING)], MORNING)
    assert ids_ready(filled) == ["c3", "c1"]
    assert ids_ready(filled, MORNING + HOUR) == ["c2", "c3", "c1"]


def test_only_candidates_that_await_that_very_outcome_move(filled: Store) -> None:
    with filled.write() as tx:
        everybody = tx.candidates.ready("a", "sms", MORNING, MORNING + HOUR, None, 9)
        tx.candidates.set_waiting(everybody[:2], MORNING)
        moves = [
            CandidateMove(each, "a", "p1", 1, attempt, CandidateState.ACCEPTED, 1, attempt, None, None)
            for each, attempt in (("c2", 1), ("c3", 2), ("c1", 1))
        ]
        tx.candidates.advance(moves)
        states = {each.customer_id: each.state for each in tx.candidates.of_customers(["c1", "c2", "c3"])}
    assert states == {"c1": "ready", "c2": "accepted", "c3": "waiting"}


def test_whoever_leaves_is_taken_out_and_the_fallen_keep_their_reasons(filled: Store, database: Database) -> None:
    with filled.write() as tx:
        tx.candidates.leave([("c1", "a"), ("c1", "a"), ("c9", "a")], CandidateState.REFUSED)
        lost = member("c2", stored=True)
        lost.drop(Stage.AFTER_CONFLICTS, (CAUSE,))
        tx.candidates.drop([lost])
        ready = tx.candidates.ready("a", "sms", MORNING, MORNING + HOUR, None, 9)
        tx.candidates.give_up([(ready[0], (CAUSE,))], MORNING)
    with database.read() as connection:
        rows = connection.exec_driver_sql("SELECT customer_id, state, lost_at, lost_by FROM candidate ORDER BY 1").all()
    assert [tuple(row) for row in rows] == [
        ("c1", "refused", None, None),
        ("c2", "dropped", "after_conflicts", "rule"),
        ("c3", "dropped", "after_limits", "rule"),
    ]


def test_allotments_add_up_per_day_and_per_campaign(filled: Store) -> None:
    granted = Allotment("a", "sms", MORNING.date(), MORNING, MORNING, MORNING + HOUR, 10)
    with filled.write() as tx:
        tx.allotments.grant([granted])
        tx.allotments.save([Allotment("a", "sms", MORNING.date(), MORNING, MORNING, MORNING + HOUR, 10, 7, 5, 25)])
        tx.allotments.grant([granted])
        assert [each.permitted for each in tx.allotments.of_run(MORNING)] == [5]
        assert tx.allotments.of_run(MORNING + HOUR) == []
        assert tx.allotments.used(["a", "b"]) == ({("a", "sms", MORNING.date()): 5}, {"a": 25})


def test_closing_a_phase_closes_who_was_ready_and_names_campaigns_that_are_over(filled: Store) -> None:
    with filled.write() as tx:
        assert tx.phases.ends().keys() == {("a", "p1")}
        assert tx.phases.close_over(MORNING) == []
        assert tx.phases.close_over(MORNING + timedelta(days=20)) == ["a"]
        assert tx.phases.ends() == {}
        assert tx.candidates.of_customers(["c1", "c2", "c3"]) == []
