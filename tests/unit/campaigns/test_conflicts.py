"""Conflicts: no forbidden pair survives, whatever the order; every loser knows why."""

from datetime import UTC, datetime, timedelta
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.conflicts import (
    ONE_PLACE,
    Background,
    ConflictBook,
    Contender,
    Exclusive,
    NotWithin,
    PastContact,
    Requires,
    Supersedes,
)
from services.campaigns.domain.members import Members
from services.campaigns.domain.offering import Offering
from shared.kernel.text import Text

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WHY = Text("原因", "reason")
ONE_CRBT = Exclusive("one-crbt", "1", WHY, Members(categories=frozenset({"crbt"})))
ONE_LOAN = Exclusive("one-loan", "1", WHY, Members(campaigns=frozenset({"a", "e"}), offerings=frozenset({"paper"})))
CATALOGUE = {
    each.offering_id: each
    for each in (
        Offering("tone", "铃", "tone", "crbt", products=("crbt",)),
        Offering("box", "盒", "box", "crbt", products=("crbt_box",)),
        Offering("paper", "报", "paper", "news", products=("news",)),
        Offering("stock", "股", "stock", "finance", products=("stock_app",)),
        Offering("pack", "包", "pack", "internet", products=("mo",)),
        Offering("gift", "礼", "gift", "bundle", components=("stock", "pack")),
        Offering("deep", "深", "deep", "bundle", components=("gift", "tone")),
    )
}
CAMPAIGNS = {name: (50, frozenset[str]()) for name in "abcdef"} | {"f": (50, frozenset({"a"}))}


def book(*rules: object, campaigns: dict[str, tuple[int, frozenset[str]]] | None = None) -> ConflictBook:
    return ConflictBook(rules, CATALOGUE, campaigns or CAMPAIGNS)  # type: ignore[arg-type]  # rules of any kind


def contender(rules: ConflictBook, campaign: str, offering: str, score: float = 1.0, phase: str = "p1") -> Contender:
    return Contender(rules.profile(campaign, offering), phase, score)


def kept(
    rules: ConflictBook,
    contenders: list[Contender],
    background: Background = Background(frozenset()),  # noqa: B008 - frozen
) -> set[str]:
    losses = rules.settle(contenders, background, NOW)
    return {each.profile.campaign_id for number, each in enumerate(contenders) if number not in losses}


def test_of_an_exclusive_group_the_highest_score_stays() -> None:
    rules = book(ONE_CRBT)
    assert kept(rules, [contender(rules, "a", "tone", 1), contender(rules, "b", "box", 2)]) == {"b"}


def test_equal_scores_go_by_priority_then_by_campaign_id() -> None:
    rules = book(ONE_CRBT, campaigns=CAMPAIGNS | {"c": (60, frozenset())})
    three = [contender(rules, name, "tone") for name in ("b", "a", "c")]
    assert kept(rules, three) == {"c"}
    assert kept(rules, three[:2]) == {"a"}


def test_a_loser_is_told_the_rule_and_who_won() -> None:
    rules = book(ONE_CRBT)
    losses = rules.settle([contender(rules, "a", "tone"), contender(rules, "b", "box")], Background(), NOW)
    assert losses.keys() == {1}
    assert losses[1][0].rule_id == "one-crbt"
    assert losses[1][0].text == "原因（让位于a） / reason (gives way to a)"


def test_a_bundle_is_judged_on_its_components_however_deep() -> None:
    rules = book(ONE_CRBT)
    assert kept(rules, [contender(rules, "a", "deep", 2), contender(rules, "b", "tone", 1)]) == {"a"}


def test_a_place_already_taken_is_not_taken_again() -> None:
    rules = book(ONE_CRBT)
    taken = Background((rules.profile("c", "box"),))
    assert kept(rules, [contender(rules, "a", "tone", 9), contender(rules, "b", "paper", 1)], taken) == {"b"}


def test_one_campaign_gives_a_subscriber_one_place() -> None:
    rules = book()
    two = [contender(rules, "a", "paper", phase="p2"), contender(rules, "a", "paper", phase="p1")]
    losses = rules.settle(two, Background(), NOW)
    assert losses.keys() == {0}
    assert losses[0][0].rule_id == ONE_PLACE


def test_an_offering_that_requires_a_product_goes_to_its_holders_only() -> None:
    needs = Requires("box-needs-crbt", "1", WHY, "box", frozenset({"crbt"}))
    rules = book(needs)
    one = [contender(rules, "a", "box")]
    assert kept(rules, one, Background(products=frozenset({"crbt"}))) == {"a"}
    assert kept(rules, one, Background(products=frozenset())) == set()
    assert kept(rules, one, Background(products=None)) == set(), "unknown products suppress"


def test_a_bundle_brings_along_what_its_part_requires() -> None:
    needs = Requires("stock-needs-mo", "1", WHY, "stock", frozenset({"mo"}))
    rules = book(needs)
    assert kept(rules, [contender(rules, "a", "gift"), contender(rules, "b", "stock")]) == {"a"}


def test_who_can_get_the_winner_does_not_get_the_loser() -> None:
    rule = Supersedes(
        "app-first", "1", WHY, Members(offerings=frozenset({"stock"})), Members(categories=frozenset({"news"}))
    )
    rules = book(rule)
    assert kept(rules, [contender(rules, "a", "stock", 1), contender(rules, "b", "paper", 9)]) == {"a"}
    assert kept(rules, [contender(rules, "b", "paper")]) == {"b"}


def test_a_winner_that_cannot_be_had_supersedes_nobody() -> None:
    rule = Supersedes(
        "app-first", "1", WHY, Members(offerings=frozenset({"stock"})), Members(categories=frozenset({"news"}))
    )
    needs = Requires("stock-needs-mo", "1", WHY, "stock", frozenset({"mo"}))
    rules = book(rule, needs)
    two = [contender(rules, "a", "stock"), contender(rules, "b", "paper")]
    assert kept(rules, two, Background(products=frozenset())) == {"b"}


def test_not_within_counts_category_campaign_offering_and_similar_campaign() -> None:
    def left(same: str, past_campaign: str, past_offering: str, days: int) -> bool:
        rules = book(NotWithin("soon", "1", WHY, same, timedelta(days=14)))
        past = PastContact("c1", past_campaign, past_offering, NOW - timedelta(days=days))
        return bool(kept(rules, [contender(rules, "a", "tone")], Background(past=(past,))))

    assert not left("category", "z", "box", 13)
    assert left("category", "z", "box", 14)
    assert left("category", "z", "paper", 1)
    assert not left("campaign", "a", "paper", 1)
    assert not left("offering", "z", "tone", 1)
    assert not left("similar_campaign", "f", "paper", 1), "similarity counts both ways"
    assert left("similar_campaign", "a", "tone", 1), "a campaign is not similar to itself"


offers = st.lists(
    st.tuples(
        st.sampled_from("abcdef"), st.sampled_from(sorted(CATALOGUE)), st.integers(0, 3), st.sampled_from(["p1", "p2"])
    ),
    max_size=8,
    unique_by=lambda each: (each[0], each[3]),
)


@given(offers, st.randoms())
def test_no_exclusive_pair_survives_and_order_does_not_matter(
    made: list[tuple[str, str, int, str]], chance: object
) -> None:
    rules = book(
        ONE_CRBT, ONE_LOAN, Supersedes("s", "1", WHY, Members(frozenset({"news"})), Members(frozenset({"finance"})))
    )
    contenders = [contender(rules, campaign, offering, score, phase) for campaign, offering, score, phase in made]
    losses = rules.settle(contenders, Background(), NOW)
    survivors = [each for number, each in enumerate(contenders) if number not in losses]
    for one, other in combinations(survivors, 2):
        assert one.profile.campaign_id != other.profile.campaign_id
        assert not one.profile.exclusive & other.profile.exclusive
    assert all(causes for causes in losses.values())
    if made:
        assert survivors, "somebody always remains of those who may be approached at all"
    shuffled = contenders.copy()
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' Random
    again = rules.settle(shuffled, Background(), NOW)
    assert {id(shuffled[number]): causes for number, causes in again.items()} == {
        id(contenders[number]): causes for number, causes in losses.items()
    }
