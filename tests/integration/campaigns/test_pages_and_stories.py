"""Pages of contacts, members and suppressions, and a subscriber's story, on both databases."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.campaigns.adapters.chronicle_store import ChronicleStore
from services.campaigns.adapters.evaluation_store import EvaluationStore
from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.tell import Tell
from shared.contracts.wire import BULK_LIMIT
from shared.kernel.faults import InvalidRequest
from shared.persistence import Database
from tests.integration.campaigns.base import (
    HOUR,
    START,
    a_candidate,
    a_contact,
    a_phase,
    an_order,
    because,
    dropped,
    fill,
    sent,
)
from tests.unit.campaigns.world import World, offering, plan

pytestmark = pytest.mark.servers


@pytest.fixture
def tell(base: Database) -> Tell:
    with base.write() as connection:
        for name in ("campaign", "campaign_history", "offering_snapshot", "inbox"):
            connection.exec_driver_sql(f"DELETE FROM {name}")  # noqa: S608 - names of our own
    world = World(base)
    world.offer(offering("tone", "crbt"))
    world.launch(plan("a"), plan("b"))
    with base.write() as connection:
        connection.exec_driver_sql("DELETE FROM phase")
    return Tell(SqlStore(base), EvaluationStore(base), ChronicleStore(base))


def all_pages(ask: Callable[[str], Any], items: str) -> list[Any]:
    """Turn pages until the end; each page's items in one list."""
    found: list[Any] = []
    after: str | None = ""
    turns = 0
    while after is not None:
        page = ask(after)
        found += getattr(page, items)
        after, turns = page.next_after, turns + 1
        assert turns < 100, "the pages never end"
    return found


SIZES = pytest.mark.parametrize("size", [1, 2, 3, 7, 50])


@SIZES
def test_pages_of_contacts_are_complete_and_in_order(base: Database, tell: Tell, size: int) -> None:
    ids = [f"k{number:02d}" for number in (5, 1, 9, 3, 7, 0, 2)]
    gone = [a_contact("k04", "m1", state="suppressed", contacted_at=None, reasons=because("cap"))]
    fill(
        base,
        contact=[sent(each, "m0") for each in ids] + gone,
        sales_order=[an_order("k01", "m0", state="fulfilled", fulfilled_at=START + 9 * HOUR)],
    )
    found = all_pages(lambda after: tell.contacts_page(after, size), "contacts")
    assert [each.contact_id for each in found] == sorted(ids)
    assert {each.category for each in found} == {"crbt"}
    assert [each.fulfilled_at for each in found if each.fulfilled_at] == [START + 9 * HOUR]


@SIZES
@pytest.mark.parametrize(("cell", "many"), [("", 7), ("main", 4), ("control", 3)])
def test_pages_of_members_are_complete_and_in_order(
    base: Database, tell: Tell, size: int, cell: str, many: int
) -> None:
    places = [("c1", "p1"), ("c1", "p2"), ("c2", "p1"), ("c10", "p1"), ("c10", "p2"), ("c3", "p2"), ("c0", "p1")]
    rows = [
        a_candidate(each, phase=name, cell="control" if number % 2 else "main")
        for number, (each, name) in enumerate(places)
    ]
    fill(base, candidate=[*rows, a_candidate("c5", "b")])
    found = all_pages(lambda after: tell.members_page("a", cell, after, size), "members")
    keys = [(each.customer_id, each.phase) for each in found]
    assert keys == sorted(keys)
    assert len(set(keys)) == many
    assert {each.cell for each in found} == ({cell} if cell else {"main", "control"})


@SIZES
def test_pages_of_suppressions_pass_from_the_fallen_to_the_refused_attempts(
    base: Database, tell: Tell, size: int
) -> None:
    fallen = [dropped(f"c{n}", "eligible", "rule", campaign_id=name) for n in range(3) for name in ("a", "b")]
    fallen.append(dropped("c1", "after_lists", "black", phase="p2"))
    tried = [
        a_contact(f"k{n}", "c9", state="suppressed", contacted_at=None, reasons=because("cap"), attempt=n)
        for n in range(4)
    ]
    fill(base, candidate=[*fallen, a_candidate("c8")], contact=[*tried, sent("k9", "c8")])
    found = all_pages(lambda after: tell.suppressions_page(after, size), "suppressions")
    assert [each.stage for each in found] == ["eligible"] * 3 + ["after_lists"] + ["eligible"] * 3 + [
        "after_limits"
    ] * 4
    ids = [each.suppression_id for each in found]
    assert len(ids) == len(set(ids)) == 11
    assert ids[:7] == sorted(ids[:7])
    assert ids[7:] == ["k0", "k1", "k2", "k3"]
    assert all(each.reasons for each in found)


@pytest.mark.parametrize("full", [True, False])
def test_a_last_page_that_is_just_full_loses_nothing(base: Database, tell: Tell, full: bool) -> None:
    fill(
        base,
        candidate=[dropped(f"c{n}", "eligible", "rule") for n in range(2)],
        contact=[a_contact("k0", "c9", state="suppressed", contacted_at=None, reasons=because("cap"))] if full else [],
    )
    found = all_pages(lambda after: tell.suppressions_page(after, 2), "suppressions")
    assert len(found) == 2 + full


@pytest.mark.parametrize("limit", [0, -1, BULK_LIMIT + 1])
def test_a_page_of_no_size_is_refused(tell: Tell, limit: int) -> None:
    for ask in (
        lambda: tell.contacts_page("", limit),
        lambda: tell.members_page("a", "", "", limit),
        lambda: tell.suppressions_page("", limit),
    ):
        with pytest.raises(InvalidRequest) as refused:
            ask()
        assert refused.value.details["field"] == "limit"


@pytest.mark.parametrize("mark", ["nonsense", "a|b", "a|b|c|d", "tried:", "tried:zz", "|", "tried:|"])
def test_any_text_may_be_a_mark(tell: Tell, mark: str) -> None:
    assert tell.suppressions_page(mark, 5).suppressions == []
    assert tell.members_page("a", "", mark, 5).members == []
    assert tell.contacts_page(mark, 5).contacts == []


@pytest.mark.parametrize("mark", ["a\x00", "\ud800"])
def test_a_mark_that_no_database_can_hold_is_refused(tell: Tell, mark: str) -> None:
    for ask in (
        lambda: tell.contacts_page(mark, 5),
        lambda: tell.members_page("a", "", mark, 5),
        lambda: tell.suppressions_page(mark, 5),
    ):
        with pytest.raises(InvalidRequest) as refused:
            ask()
        assert refused.value.details["field"] == "after"
    assert tell.story(mark).lines == []
    assert tell.members_page(mark, "", "", 5).members == tell.members_page("a", mark, "", 5).members == []


def test_ids_of_subscribers_may_hold_the_sign_that_joins_marks(base: Database, tell: Tell) -> None:
    odd = ["c|1", "c|1|2", "c"]
    fill(base, candidate=[dropped(each, "eligible", "rule", campaign_id="a") for each in odd])
    found = all_pages(lambda after: tell.suppressions_page(after, 1), "suppressions")
    assert sorted(each.customer_id for each in found) == sorted(odd)
    members = all_pages(lambda after: tell.members_page("a", "", after, 1), "members")
    assert sorted(each.customer_id for each in members) == sorted(odd)


def test_a_story_is_in_order_and_in_both_languages(base: Database, tell: Tell) -> None:
    fill(
        base,
        phase=[a_phase(), a_phase("p1", "b", starts_at=START + 20 * HOUR)],
        candidate=[
            a_candidate("c1", state="accepted"),
            dropped("c1", "after_conflicts", "one-crbt", "只推一项 / one only", campaign_id="b"),
        ],
        contact=[
            a_contact("k0", "c1", state="suppressed", contacted_at=None, reasons=because("cap", "已满 / full")),
            sent("k1", "c1", "accepted", detail="好", decided_at=START + 1.5 * HOUR),
            sent("k2", "c2", "refused"),
        ],
        sales_order=[an_order("k1", "c1", state="fulfilled", fulfilled_at=START + 9 * HOUR)],
    )
    lines = tell.story("c1").lines
    assert [each.at for each in lines] == sorted(each.at for each in lines)
    assert [each.en for each in lines] == [
        "joined the audience of “campaign a”, cell main",
        "offering “tone” by SMS was not permitted",
        "permitted: “tone” by SMS",
        "was offered “tone” by SMS",
        "the subscriber accepted (好)",
        "“tone” was ordered",
        "“tone” was set up in CRM and ISMP",
        "joined the audience of “campaign b”, cell main",
        "not contacted for “campaign b”: lost to a conflicting offer",
    ]
    assert all(any("\u4e00" <= letter <= "\u9fff" for letter in each.zh) for each in lines)
    assert [each.reasons[0].rule_id for each in lines if each.reasons] == ["cap", "one-crbt"]
    assert {each.contact_id for each in lines} == {"k1", None}


def test_control_s_story_says_that_it_is_never_contacted(base: Database, tell: Tell) -> None:
    fill(base, phase=[a_phase()], candidate=[a_candidate("c1", cell="control", state="control")])
    [line] = tell.story("c1").lines
    assert "不接触" in line.zh
    assert "never contacted" in line.en


def test_an_inbound_offer_is_told_as_a_visit(base: Database, tell: Tell) -> None:
    visit = {"direction": "inbound", "channel": "hall", "decided_at": START + timedelta(days=1)}
    fill(base, phase=[a_phase()], contact=[sent("k1", "c1", "later", **visit)])
    lines = tell.story("c1").lines
    assert [each.en for each in lines if "visited" in each.en] == [
        "visited in the business hall and was offered “tone”"
    ]
    assert not [each for each in lines if each.en.startswith("permitted")]


def test_a_contact_that_was_permitted_and_not_made_is_told_with_the_reason(base: Database, tell: Tell) -> None:
    why = "withdrawn: 已退订 / opted out"
    fill(base, phase=[a_phase()], contact=[a_contact("k1", "c1", state="failed", contacted_at=None, detail=why)])
    assert [each.en for each in tell.story("c1").lines] == [
        "permitted: “tone” by SMS",
        "“tone” by SMS was not made (withdrawn: 已退订 / opted out)",
    ]


def test_nobody_s_story_is_empty(tell: Tell) -> None:
    assert tell.story("nobody").lines == []
