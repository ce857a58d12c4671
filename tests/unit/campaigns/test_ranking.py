"""Ranking by rule: value, propensity and priority within bounds; the first rule that covers an offer counts."""

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from services.campaigns.domain.conflicts import ConflictBook
from services.campaigns.domain.members import Members
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan
from services.campaigns.domain.ranking import Bounds, RankingRule, score_of
from shared.kernel.text import Text
from shared.rulekit.reading.folder import load_rules
from tests.support.rehearsal import plans
from tests.unit.campaigns.desk import Desk, offered, on_visit
from tests.unit.campaigns.neighbours import FakeRules
from tests.unit.campaigns.world import plan
from tests.unit.rulekit.rule_folders import ON

WIDE = Bounds(0, 10**9)
CATALOGUE = {
    each.offering_id: each
    for each in (
        Offering("tone", "铃", "tone", "crbt", products=("crbt",)),
        Offering("stock", "股", "stock", "finance", products=("stock_app",)),
        Offering("gift", "礼", "gift", "bundle", components=("stock", "tone")),
    )
}


def rule(name: str, order: int, members: Members = Members(), **bounds: Bounds) -> RankingRule:  # noqa: B008 - frozen
    parts = {"value": WIDE, "propensity": Bounds(0, 1), "priority": WIDE} | bounds
    return RankingRule(name, "1", Text("按价值排序", "ranked by value"), members, order, otherwise=0.1, **parts)


def ranked_by(campaign: str, offering: str, *rules: RankingRule) -> str | None:
    found = ConflictBook((), CATALOGUE, {}, rules).profile(campaign, offering).ranked_by
    return found.rule_id if found else None


def test_the_rule_of_lowest_order_that_covers_an_offer_ranks_it() -> None:
    all_offers = rule("everything", 100)
    crbt = rule("crbt", 10, Members(categories=frozenset({"crbt"})))
    spring = rule("spring", 5, Members(campaigns=frozenset({"spring"})))
    stock = rule("stock", 20, Members(offerings=frozenset({"stock"})))
    rules = (all_offers, crbt, spring, stock)
    assert ranked_by("a", "tone", *rules) == "crbt"
    assert ranked_by("spring", "tone", *rules) == "spring"
    assert ranked_by("a", "stock", *rules) == "stock"
    assert ranked_by("a", "gift", *rules) == "crbt", "a bundle is what its components are"
    assert ranked_by("a", "unheard-of", *rules) == "everything"
    assert ranked_by("a", "tone", stock) is None


def test_of_equal_orders_the_first_id_counts() -> None:
    assert ranked_by("a", "tone", rule("b", 1), rule("a", 1)) == "a"


@given(st.integers(1, 100), st.integers(0, 200_000), st.floats(0, 1))
def test_every_figure_is_kept_within_the_rule_s_bounds(priority: int, revenue: int, accepted: float) -> None:
    answers = [{"channel": "sms", "outcomes": {"accepted": accepted}}]
    made = msgspec.convert(plan("a", priority=priority, simulation={"answers": answers}, goals=[]), Plan)
    treatment = replace(made.treatments[0], revenue_fen=revenue)
    value, propensity, weight = Bounds(500, 100_000), Bounds(0.05, 0.5), Bounds(10, 60)
    bounded = rule("r", 1, value=value, propensity=propensity, priority=weight)
    score = score_of(made, treatment, bounded)
    assert 10 * 500 * 0.05 <= score <= 60 * 100_000 * 0.5
    expected = weight.clamp(priority) * value.clamp(treatment.revenue_fen) * propensity.clamp(accepted)
    assert score == pytest.approx(expected)


def test_where_nobody_assumes_a_chance_the_rule_says_what_it_is() -> None:
    made = msgspec.convert(plan("a", goals=[]), Plan)
    unsure = RankingRule("r", "1", Text("", ""), Members(), 1, WIDE, Bounds(0, 1), 0.3, WIDE)
    assert score_of(made, made.treatments[0], unsure) == pytest.approx(50 * 1000 * 0.3)
    assert score_of(made, made.treatments[0]) == pytest.approx(50 * 1000 * 0.1)


def test_the_standard_rule_ranks_every_treatment_of_the_seeds_as_the_plain_formula_does() -> None:
    book = load_rules(Path("rules"))
    [standard] = [each for each in BookInForce(book, ON, EligibilityJudge(book)).ranking if each.rule_id == "standard"]
    treatments = [
        (made, treatment) for made in (msgspec.convert(each, Plan) for each in plans()) for treatment in made.treatments
    ]
    assert len(treatments) > 4
    assert [score_of(*each, standard) for each in treatments] == [score_of(*each) for each in treatments]


def test_an_offer_names_the_rule_that_gave_it_its_place(tmp_path: Path) -> None:
    modest = rule("modest", 1, Members(offerings=frozenset({"tone"})), priority=Bounds(1, 20))
    campaigns = on_visit("a", "tone", priority=90), on_visit("b", "paper", priority=50)
    at = Desk(f"sqlite:///{tmp_path}/campaigns.sqlite", *campaigns, rules=FakeRules(ranking=[modest]))
    answer = at.ask()
    assert offered(answer) == ["b", "a"], "with its priority bounded, the first campaign comes second"
    assert [[reason.rule_id for reason in offer.reasons] for offer in answer.offers] == [[], ["modest"]]
    assert answer.offers[1].reasons[0].text == "按价值排序 / ranked by value"
    assert answer.offers[1].score == pytest.approx(20 * 1000 * 0.1)
