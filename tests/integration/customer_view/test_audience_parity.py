"""An audience chosen by SQL is the audience the rule language's reference evaluator chooses."""

import itertools
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.customer_view.application.use_cases import UseCases
from shared.contracts.customer_view import AudienceQuery, CustomerRecord
from shared.kernel.clock import SteeredClock
from shared.rulekit.model import InSegment
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reference import evaluate, holds

TODAY = date(2026, 3, 2)
FACTS = {
    "age": st.integers(15, 21),
    "monthly_spend": st.integers(4990, 5010),
    "balance": st.integers(999, 1001),
    "data_used_mb": st.integers(0, 40).map(lambda tenths: tenths / 10),
    "data_quota_mb": st.integers(0, 40).map(lambda tenths: tenths / 10),
    "crbt_subscribed": st.booleans(),
    "crbt_days_since_download": st.sampled_from([30, 31, 60, 61]),
    "crbt_churn_probability": st.sampled_from([0.6999, 0.7, 0.71]),
    "products": st.sets(st.sampled_from(["crbt", "crbt_pack", "weather"])).map(sorted),
    "activated_on": st.sampled_from(["2025-03-01", "2025-03-02", "2026-03-02"]),
    "city": st.sampled_from(["xiamen", "putian"]),
    "handset_brand": st.sampled_from(["", "苹果", "%_"]),
}
PEOPLE = st.lists(
    st.fixed_dictionaries({}, optional={name: st.none() | values for name, values in FACTS.items()}), max_size=25
)
LEAVES = st.sampled_from(
    [
        {"age": {"at_least": 18}},
        {"age": {"between": [16, 20]}},
        {"monthly_spend": {"more_than": 50}},
        {"data_used_mb": {"more_than": {"fact": "data_quota_mb", "times": 0.8}}},
        {"products": {"contains_any": ["crbt"]}},
        {"products": {"contains_none": ["crbt_pack", "weather"]}},
        {"products": {"size": {"at_least": 2}}},
        {"activated_on": {"older_than": "365d"}},
        {"activated_on": {"within": "365d"}},
        {"city": {"one_of": ["xiamen"]}},
        {"city": {"not_equals": "putian"}},
        {"handset_brand": {"none_of": ["苹果"]}},
        {"crbt_subscribed": True},
        {"balance": {"is_known": False}},
        {"segment": "half-silent"},
        {"segment": "only-in-2020"},
    ]
)
RULES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=6,
)
CHECKS = ["grown-up", "not-poor", "expired"]
numbers = itertools.count()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=PEOPLE, rule=RULES)
def test_sql_selects_and_judges_as_the_reference_does(
    use_cases: UseCases, people: list[dict[str, Any]], rule: dict[str, Any]
) -> None:
    # The base is shared by all examples: each rewrites the same 25 subscribers, unknown where it says nothing.
    base = {f"p{number:02d}": dict.fromkeys(FACTS) for number in range(25)}
    for customer_id, facts in zip(base, people, strict=False):
        base[customer_id] |= facts
    use_cases.upsert_customers([CustomerRecord(customer_id=one, facts=facts) for one, facts in base.items()])
    book = use_cases.book
    condition = read_condition(rule, book.vocabulary)
    truth = {one: evaluate(condition, facts, book=book, on=TODAY) for one, facts in base.items()}
    made = use_cases.audience(AudienceQuery(audience_key=f"{next(numbers)}", rule=rule, checks=CHECKS))
    members = use_cases.audience_page(made.audience_id, "", 100).members
    assert [one.customer_id for one in members] == [one for one, value in truth.items() if value]
    assert made.unknown == sum(value is None for value in truth.values())
    for one in members:
        facts = base[one.customer_id]
        failed = [name for name in CHECKS if not holds(book.eligibility[name], facts, book=book, on=TODAY)]
        assert one.failed == failed


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(facts=st.fixed_dictionaries({name: st.none() | values for name, values in FACTS.items()}))
def test_the_segments_told_are_those_the_reference_finds(use_cases: UseCases, facts: dict[str, Any]) -> None:
    use_cases.upsert_customers([CustomerRecord(customer_id="a", facts=facts)])
    book = use_cases.book
    expected = [name for name in book.segments if evaluate(InSegment(name), facts, book=book, on=TODAY)]
    assert use_cases.get_customer("a").segments == expected


def test_the_day_of_judgement_begins_at_midnight_in_the_operator_s_zone(
    use_cases: UseCases, clock: SteeredClock
) -> None:
    use_cases.upsert_customers([CustomerRecord(customer_id="a", facts={"activated_on": "2025-03-02"})])
    clock.move_to(clock.now().replace(hour=15, minute=59))
    assert use_cases.get_customer("a").segments == []
    clock.move_to(clock.now().replace(hour=16, minute=0))
    assert use_cases.get_customer("a").segments == ["old-timer"]


@pytest.mark.parametrize("size", [0, 1])
def test_an_audience_of_nobody_has_one_empty_page(use_cases: UseCases, size: int) -> None:
    use_cases.upsert_customers([CustomerRecord(customer_id=str(n), facts={"age": 5}) for n in range(size)])
    made = use_cases.audience(AudienceQuery(audience_key="k", rule={"age": {"more_than": 5}}))
    assert made.size == 0
    assert use_cases.audience_page(made.audience_id, "", 10).members == []
