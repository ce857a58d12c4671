"""The generated province: as published, the same every time, and never all in memory."""

import tracemalloc
from collections import Counter
from itertools import islice
from pathlib import Path
from statistics import fmean, pstdev, quantiles

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.workbench.province import lists, organic_adopter, subscriber, subscribers
from services.workbench.province.chance import quantile
from services.workbench.province.margins import KNOTS, MISSING, PUBLISHED, SHARE_BLACKLISTED
from shared.contracts.customer_view import CustomerRecord
from shared.contracts.wire import ListName
from shared.rulekit.facts import check_facts
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[3] / "rules"
SEED, SIZE = 2026, 20_000
IN_FEN = {"monthly_spend", "average_spend", "balance"}


@pytest.fixture(scope="module")
def province() -> list[CustomerRecord]:
    return list(subscribers(SEED, SIZE))


def values(province: list[CustomerRecord], fact: str) -> list[float]:
    scale = 100 if fact in IN_FEN else 1
    return [record.facts[fact] / scale for record in province if fact in record.facts]  # type: ignore[operator]  # the facts asked for are numbers or lists


def share(province: list[CustomerRecord], fact: str, value: object) -> float:
    known = [record.facts[fact] for record in province if fact in record.facts]
    return known.count(value) / len(known)


@pytest.mark.parametrize("fact", sorted(PUBLISHED))
def test_quartiles_are_those_published(province: list[CustomerRecord], fact: str) -> None:
    published = PUBLISHED[fact]
    lower, median, upper = quantiles(values(province, fact), n=4)
    assert lower == pytest.approx(published.lower, rel=0.05, abs=2)
    assert median == pytest.approx(published.median, rel=0.05)
    assert upper == pytest.approx(published.upper, rel=0.05)


@pytest.mark.parametrize("fact", sorted(PUBLISHED))
def test_means_are_those_published(province: list[CustomerRecord], fact: str) -> None:
    assert fmean(values(province, fact)) == pytest.approx(PUBLISHED[fact].mean, rel=0.06)


@pytest.mark.parametrize("fact", sorted(PUBLISHED.keys() - {"balance", "finance_app_uses"}))
def test_deviations_are_those_published(province: list[CustomerRecord], fact: str) -> None:
    # The two left out owe theirs to a handful of extreme values among 100,000: no sample of 20,000 settles on them.
    assert pstdev(values(province, fact)) == pytest.approx(PUBLISHED[fact].deviation, rel=0.1)


def test_shares_are_those_published(province: list[CustomerRecord]) -> None:
    assert share(province, "in_arrears", value=True) == pytest.approx(0.0518, abs=0.005)
    assert share(province, "real_name_verified", value=True) == pytest.approx(0.9912, abs=0.003)
    assert share(province, "is_student", value=True) == pytest.approx(0.0036, abs=0.002)


def test_brand_goes_with_age_and_spend(province: list[CustomerRecord]) -> None:
    def mean_of(fact: str, brand: str) -> float:
        return fmean(values([one for one in province if one.facts["brand"] == brand], fact))

    assert mean_of("age", "mzone") + 5 < mean_of("age", "easyown")
    assert mean_of("monthly_spend", "gotone") > 1.5 * mean_of("monthly_spend", "easyown")


def test_crbt_facts_agree_with_one_another_and_with_the_products(province: list[CustomerRecord]) -> None:
    for record in province:
        facts = record.facts
        products = facts["products"]
        assert isinstance(products, list)
        if "crbt_subscribed" in facts:
            assert facts["crbt_subscribed"] is ("crbt" in products)
            assert ("crbt_days_since_download" in facts) is facts["crbt_subscribed"]
            assert not (facts["crbt_subscribed"] and "crbt_days_since_cancelled" in facts)
        assert products == sorted(set(products))


def test_handsets_without_apps_have_no_app(province: list[CustomerRecord]) -> None:
    feature_phones = [one.facts for one in province if one.facts.get("handset_os") == "feature"]
    assert len(feature_phones) > SIZE / 20
    assert not any("app" in facts.get("handset_capabilities", ()) for facts in feature_phones)  # type: ignore[operator]  # the facts asked for are numbers or lists


def test_nearly_a_fifth_of_package_users_are_over_their_quota(province: list[CustomerRecord]) -> None:
    both = [(one.facts["data_used_mb"], one.facts["data_quota_mb"]) for one in province
            if {"data_used_mb", "data_quota_mb"} <= one.facts.keys()]  # fmt: skip
    assert sum(used > quota for used, quota in both) / len(both) == pytest.approx(0.19, abs=0.02)  # type: ignore[operator]  # the facts asked for are numbers or lists


def test_every_fact_is_missing_now_and_then(province: list[CustomerRecord]) -> None:
    present = Counter(fact for record in province for fact in record.facts)
    for fact in MISSING.keys() - {"crbt_adoption_probability", "crbt_churn_probability", "data_quota_mb"}:
        assert 1 - present[fact] / SIZE == pytest.approx(MISSING[fact], abs=0.01), fact


def test_every_record_speaks_the_vocabulary(province: list[CustomerRecord]) -> None:
    vocabulary = load_rules(RULES).vocabulary
    assert [fault for record in province for fault in check_facts(record.facts, vocabulary)] == []


def test_the_same_seed_makes_the_same_province_and_another_seed_another() -> None:
    assert list(subscribers(SEED, 50)) == list(subscribers(SEED, 50))
    assert list(subscribers(SEED, 50)) != list(subscribers(SEED + 1, 50))


@given(number=st.integers(1, 10_000_000), ahead=st.integers(0, 20))
@settings(max_examples=50, deadline=None)
def test_a_subscriber_depends_on_seed_and_number_alone(number: int, ahead: int) -> None:
    page = list(subscribers(SEED, ahead + 1, first=number))
    assert page[ahead] == subscriber(SEED, number + ahead)


def test_ids_ascend_and_are_no_phone_numbers(province: list[CustomerRecord]) -> None:
    ids = [record.customer_id for record in province]
    assert ids == sorted(set(ids))
    assert ids[0] == "FJ00000001"


def test_memory_does_not_grow_with_the_province() -> None:
    stream = subscribers(SEED, 100_000_000)
    for _ in islice(stream, 200):
        pass
    tracemalloc.start()
    try:
        for _ in islice(stream, 5_000):
            pass
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000  # bytes, the interpreter's own free lists; 5,000 records kept take 6.6 million


def test_lists_have_their_shares_and_no_subscriber_stands_on_two_of_the_operators() -> None:
    entries = list(lists(SEED, SIZE))
    sizes = Counter[ListName](name for name, _ in entries)
    assert sizes["black"] / SIZE == pytest.approx(SHARE_BLACKLISTED, abs=0.005)
    assert all(sizes[name] > 0 for name in ("grey", "red", "special_card", "opt_out"))
    own = [entry.customer_id for name, entry in entries if name != "opt_out"]
    assert len(own) == len(set(own))
    assert {entry.channel for name, entry in entries if name == "opt_out"} == {"sms", "outbound_call", "web"}


def test_lists_are_made_page_by_page_too() -> None:
    whole = list(lists(SEED, 1_000))
    assert whole == [*lists(SEED, 400), *lists(SEED, 600, first=401)]


def test_the_organic_share_is_kept_and_campaigns_differ_in_whom() -> None:
    ids = [f"FJ{number:08d}" for number in range(1, 20_001)]
    taken = {one for one in ids if organic_adopter(SEED, "mo-upgrade", one, 0.02)}
    others = {one for one in ids if organic_adopter(SEED, "newspaper", one, 0.02)}
    assert len(taken) / len(ids) == pytest.approx(0.02, abs=0.004)
    assert taken != others
    assert not any(organic_adopter(SEED, "mo-upgrade", one, 0.0) for one in ids)


@given(st.sampled_from(sorted(KNOTS)), st.floats(0, 1), st.floats(0, 1))
def test_quantiles_never_descend(name: str, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert quantile(KNOTS[name], low) <= quantile(KNOTS[name], high)
