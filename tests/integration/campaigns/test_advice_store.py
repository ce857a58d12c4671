"""What advice reads and keeps, on both databases; and a visit from question to order on each."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from services.campaigns.adapters.store import SqlStore
from services.campaigns.adapters.tables import metadata
from services.campaigns.domain.advice import Place
from services.campaigns.domain.candidate import CandidateState
from shared.contracts.campaigns import OfferedProduct, Recommendation, Response, WithheldProduct
from shared.contracts.wire import Reason
from shared.kernel.faults import Fault
from shared.persistence import Database
from tests.integration.campaigns.base import START, a_candidate, a_phase, fill
from tests.unit.campaigns.desk import VISITOR, Desk, offered, on_visit, question

pytestmark = pytest.mark.servers


@pytest.fixture
def clean(both: Database) -> Iterator[Database]:
    with both.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return both


def an_answer(customer_id: str) -> Recommendation:
    reason = Reason(rule_id="app", rule_version="1", text="适合 / fits")
    offer = OfferedProduct(
        contact_id="k1",
        campaign_id="a",
        offering_id="tone",
        name="彩铃",
        script="您好 \t“铃”\n",
        score=0.1 + 0.2,
        reasons=[reason],
        expires_at=START + timedelta(microseconds=1),
    )
    kept_back = WithheldProduct(campaign_id="b", offering_id="box", stage="after_limits", reasons=[reason])
    return Recommendation(customer_id=customer_id, offers=[offer], withheld=[kept_back], rule_set="r1")


def test_an_answer_comes_back_as_it_was_given_and_the_first_one_stands(clean: Database) -> None:
    store = SqlStore(clean)
    with store.write() as tx:
        tx.advice.keep([("r1", "hall"), ("r2", "web")], {"r1": an_answer("c1"), "r2": an_answer("c2")}, START)
        tx.advice.keep([("r1", "hall")], {"r1": an_answer("somebody else")}, START)
    with store.read() as tx:
        assert tx.advice.answers(["r1", "r2", "r3"]) == {"r1": an_answer("c1"), "r2": an_answer("c2")}
        assert tx.advice.answers([]) == {}


def test_places_are_those_in_open_phases_of_live_campaigns(clean: Database) -> None:
    plans = [on_visit("a", "tone"), on_visit("b", "paper"), on_visit("c", "music")]
    desk = Desk(clean, *plans, size=2)
    desk.use.cases.move("b", "pause")
    store = SqlStore(clean)
    fill(
        clean,
        phase=[a_phase("p0", state="closed"), a_phase("p9", state="waiting"), a_phase("p1", "gone")],
        candidate=[a_candidate(VISITOR, phase="p0"), a_candidate(VISITOR, phase="p9"), a_candidate(VISITOR, "gone")],
    )
    with store.read() as tx:
        found = tx.advice.places([VISITOR, "c00001", "nobody"])
    keys = [(each.customer_id, each.campaign_id, each.phase) for each in found]
    assert keys == [(each, name, "p1") for each in (VISITOR, "c00001") for name in ("a", "c")]
    assert found[0] == Place(VISITOR, "a", "p1", "main", CandidateState.READY, "tone", "fuzhou")


def test_snapshots_of_the_unknown_are_left_out(clean: Database) -> None:
    desk = Desk(clean, on_visit("a", "tone"), size=1)
    desk.know(VISITOR, tags=["x"], balance=1.5, plan=None)
    with SqlStore(clean).read() as tx:
        found = tx.advice.customers([VISITOR, "nobody"])
    assert set(found) == {VISITOR}
    assert found[VISITOR].facts == {"products": [], "tags": ["x"], "balance": 1.5, "plan": None}
    assert found[VISITOR].changed_at == desk.clock.now()


def test_a_visit_from_question_to_order(clean: Database) -> None:
    at = Desk(clean, on_visit("a", "tone"), on_visit("b", "paper"))
    first = at.ask("r1")
    assert at.ask("r1") == first
    assert offered(first) == ["a", "b"]
    record = at.use.responding.respond(first.offers[0].contact_id, Response(outcome="accepted", detail="好"))
    assert record.outcome == "accepted"
    assert at.rows("SELECT contact_id, state FROM sales_order") == [(first.offers[0].contact_id, "open")]
    assert at.rows("SELECT count(*) FROM outbox") == [(2,)]
    assert offered(at.ask("r2")) == ["b"]


@pytest.mark.parametrize("bad", ["\x00", "\ud800"])
def test_a_text_that_no_database_can_hold_spoils_its_own_question_alone(clean: Database, bad: str) -> None:
    at = Desk(clean, on_visit("a", "tone"))
    answers = at.ask_all(question("r1"), question(f"r{bad}"), question("r2", f"c{bad}"), question("r3", "c00001"))
    assert [each.code if isinstance(each, Fault) else offered(each) for each in answers] == [
        ["a"],
        "invalid_request",
        "not_found",
        ["a"],
    ]
    with pytest.raises(Fault) as unknown:
        at.use.responding.respond(f"k{bad}", Response(outcome="later"))
    assert unknown.value.code == "not_found"


def test_a_batch_asks_each_subject_once(clean: Database) -> None:
    """No query in a loop over visitors: thirty together cost as many statements as two."""
    at = Desk(clean, on_visit("a", "tone"), on_visit("b", "paper"), size=40)
    counts = []
    statements: list[str] = []

    def note(*given: object) -> None:
        statements.append(str(given[2]))

    sa.event.listen(clean.engine, "before_cursor_execute", note)
    try:
        for many in (1, 2, 30):  # the first of all also stores the words that are said
            statements.clear()
            at.ask_all(*(question(f"r-{many}-{number}", f"c{number:05d}") for number in range(many)))
            counts.append(len(statements))
    finally:
        sa.event.remove(clean.engine, "before_cursor_execute", note)
    assert counts[1] == counts[2]
