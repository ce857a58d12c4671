"""What campaigns tells governance of campaigns that are alike: both directions, outbound and at the desk."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.setting import read_setting
from services.campaigns.domain.likeness import similar_campaigns
from shared.contracts.governance import ContactRequest
from shared.rulekit.reading.folder import load_rules
from tests.unit.campaigns.desk import Desk, on_visit
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.world import MORNING, World, offering, plan

FORTNIGHT = timedelta(days=14)
RULES = Path(__file__).parents[3] / "rules"
names = st.sampled_from("abcde")


def told(requests: Iterable[ContactRequest]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for one in requests:
        assert found.setdefault(one.campaign_id, one.similar_to) == one.similar_to
    return found


@pytest.fixture
def at(tmp_path: Path) -> Iterator[World]:
    made = World.at(tmp_path, rules=FakeRules(similar_span=FORTNIGHT), size=20)
    made.governance.most_a_day = 99
    made.offer(offering("tone", "crbt"))
    yield made
    made.database.close()


def test_it_holds_both_ways_and_nobody_is_like_himself() -> None:
    assert similar_campaigns({"a": ["b"], "b": ["a", "b"], "c": ["a"], "d": [], "e": ["e"]}) == {
        "a": ["b", "c"],
        "b": ["a"],
        "c": ["a"],
    }


@given(st.dictionaries(names, st.lists(names)))
def test_whoever_names_whom_both_are_told(named: dict[str, list[str]]) -> None:
    found = similar_campaigns(named)
    pairs = {(one, other) for one, others in found.items() for other in others}
    assert pairs == {(other, one) for one, other in pairs}
    assert {frozenset(pair) for pair in pairs} == {
        frozenset({one, other}) for one, others in named.items() for other in others if one != other
    }


def test_both_of_two_campaigns_name_the_other_whichever_plan_says_so(at: World) -> None:
    at.launch(plan("a", similar_to=["b"]), plan("b"), plan("c"))
    at.run_at(MORNING)
    assert told(at.governance.requests.values()) == {"a": ["b"], "b": ["a"], "c": []}


def test_without_a_policy_that_asks_for_it_nothing_is_named(at: World) -> None:
    at.rules.similar_span = timedelta()
    at.launch(plan("a", similar_to=["b"]), plan("b"))
    at.run_at(MORNING)
    assert told(at.governance.requests.values()) == {"a": [], "b": []}


def test_a_campaign_that_is_paused_or_ended_lately_is_still_named(at: World) -> None:
    store = SqlStore(at.database)
    at.launch(plan("paused", similar_to=["new"]), plan("stopped", similar_to=["new"]), plan("new"))
    at.use.cases.move("paused", "pause")
    at.use.cases.move("stopped", "stop")
    ended = at.clock.now()

    def similar(days: int) -> list[str]:
        return list(read_setting(store, at.rules, ended + timedelta(days=days)).similar["new"])

    assert similar(0) == ["paused", "stopped"]
    assert similar(17) == ["paused", "stopped"]  # its last contacts may have been made three days after it ended
    assert similar(18) == ["paused"]


def test_a_draft_is_not_named(at: World) -> None:
    at.use.cases.draft(plan("draft", similar_to=["new"]))
    at.launch(plan("new"))
    assert read_setting(SqlStore(at.database), at.rules, at.clock.now()).similar == {}


def test_the_desk_names_them_too(tmp_path: Path) -> None:
    visits = [on_visit("a", "tone", similar_to=["b"]), on_visit("b", "music"), on_visit("c", "paper")]
    desk = Desk(f"sqlite:///{tmp_path}/desk.sqlite", *visits, rules=FakeRules(similar_span=FORTNIGHT))
    desk.ask()
    desk.database.close()
    assert told(desk.governance.requests.values()) == {"a": ["b"], "b": ["a"], "c": []}


def test_the_span_is_that_of_the_longest_policy_on_similar_campaigns() -> None:
    book = load_rules(RULES)
    in_force = BookInForce(book, MORNING.date(), EligibilityJudge(book))
    assert in_force.similar_span == FORTNIGHT
