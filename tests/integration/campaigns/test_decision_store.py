"""Decisions on record, on both databases: what a visit leaves, page by page, and for how long."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from services.campaigns.adapters.store import SqlStore
from services.campaigns.adapters.tables import metadata
from services.campaigns.application.decisions import Decisions
from shared.contracts.decisions import DecisionsPage
from shared.kernel.faults import InvalidRequest
from shared.persistence import Database
from tests.unit.campaigns.desk import VISITOR, Desk, on_visit, question

pytestmark = pytest.mark.servers

KEPT = timedelta(days=30)


@pytest.fixture
def clean(both: Database) -> Iterator[Database]:
    with both.write() as connection:
        for table in reversed(metadata.sorted_tables):
            connection.execute(table.delete())
    return both


@pytest.fixture
def desk(clean: Database) -> Desk:
    plans = [on_visit("a", "tone"), on_visit("b", "app"), on_visit("c", "paper", priority=90)]
    return Desk(clean, *plans, tags={"c00001": ["app"]}, size=6)


def record(desk: Desk) -> Decisions:
    return Decisions(SqlStore(desk.database), desk.clock, KEPT)


def everything(desk: Desk, limit: int) -> DecisionsPage:
    decisions, scenes, after = [], {}, ""
    while True:
        page = record(desk).page(after, limit)
        decisions += page.decisions
        scenes |= {each.scene: each for each in page.scenes}
        if page.next_after is None:
            return DecisionsPage(decisions=decisions, scenes=list(scenes.values()), next_after=None)
        after = page.next_after


def test_a_visit_leaves_what_was_known_and_what_became_of_every_offer(desk: Desk) -> None:
    desk.ask("r1", "c00001")
    desk.ask("r2", VISITOR)
    [first, second] = record(desk).page("", 10).decisions
    assert (first.request_id, first.customer_id, first.channel) == ("r1", "c00001", "hall")
    assert (first.decided_at, first.rule_set) == (desk.clock.now(), "r1")
    assert first.facts == {"products": [], "tags": ["app"]}
    assert [(each.campaign_id, each.phase, each.cell) for each in first.places] == [
        (name, "p1", "main") for name in ("a", "b", "c")
    ]
    assert [(each.campaign_id, each.stage) for each in first.judged] == [(name, "ranked") for name in ("c", "a", "b")]
    assert [each.score for each in first.judged] == sorted((each.score or 0 for each in first.judged), reverse=True)
    kept_back = {each.campaign_id: each for each in second.judged}["b"]
    assert (kept_back.stage, kept_back.score) == ("eligible", None)
    assert [(each.rule_id, each.level) for each in kept_back.reasons] == [("app", "eligibility")]


def test_decisions_made_while_plans_and_catalogue_stood_share_one_scene(desk: Desk) -> None:
    desk.ask_all(*(question(f"r{number}") for number in range(5)))
    desk.use.cases.move("b", "pause")
    desk.ask("later")
    page = record(desk).page("", 10)
    of = {each.request_id: each.scene for each in page.decisions}
    assert len({of[f"r{number}"] for number in range(5)}) == 1
    scenes = {each.scene: [plan["campaign"] for plan in each.plans] for each in page.scenes}
    assert (scenes[of["r1"]], scenes[of["later"]]) == (["a", "b", "c"], ["a", "c"])
    assert all(offering["scripts"] == [] for each in page.scenes for offering in each.offerings)


def test_the_same_request_again_is_on_record_once(desk: Desk) -> None:
    desk.ask("r1")
    desk.ask("r1")
    assert [each.request_id for each in record(desk).page("", 10).decisions] == ["r1"]


def test_pages_tell_every_decision_once_in_order_of_time(desk: Desk) -> None:
    for number in range(4):
        desk.ask_all(question(f"b{number}"), question(f"a{number}", "c00001"))
        desk.clock.advance(timedelta(seconds=1))
    whole = [each.request_id for each in record(desk).page("", 100).decisions]
    assert whole == ["a0", "b0", "a1", "b1", "a2", "b2", "a3", "b3"]
    for limit in (1, 3, 8):
        assert [each.request_id for each in everything(desk, limit).decisions] == whole


@pytest.mark.parametrize("after", ["yesterday", "2026-03-02T00:00:00|r1", "2026-03-02T00:00:00+00:00|\x00"])
def test_a_mark_no_page_gave_is_refused(desk: Desk, after: str) -> None:
    with pytest.raises(InvalidRequest):
        record(desk).page(after, 10)


def test_decisions_are_forgotten_in_time_and_their_scenes_with_them(desk: Desk) -> None:
    desk.ask("old")
    desk.use.cases.move("b", "pause")
    desk.clock.advance(KEPT)
    desk.ask("new")
    assert record(desk).forget() == 0
    desk.clock.advance(timedelta(seconds=1))
    assert record(desk).forget() == 1
    page = record(desk).page("", 10)
    assert [each.request_id for each in page.decisions] == ["new"]
    desk.clock.advance(timedelta(days=2))
    record(desk).forget()
    with desk.database.read() as connection:
        [(left,)] = connection.exec_driver_sql("SELECT count(*) FROM decision_scene").fetchall()
    assert left == 1
    assert [each.scene for each in record(desk).page("", 10).scenes] == [page.decisions[0].scene]
