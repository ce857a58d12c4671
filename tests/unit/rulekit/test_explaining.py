"""Conditions told in words: every part with its truth and the subscriber's value."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.text import Text
from shared.rulekit.explaining import ConditionTeller, Told
from shared.rulekit.facts import Facts
from shared.rulekit.model import Condition, RuleBook
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reference import evaluate
from tests.unit.rulekit.rule_folders import ON, make_book
from tests.unit.rulekit.strategies import conditions, facts

FACTS = {"age": 17, "spend": 4999, "brand": "gotone", "products": ["crbt"], "joined": "2026-02-01", "arrears": True}


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(
        tmp_path_factory.mktemp("rules"),
        first="classifies: stage\norder: 1\nwhen: {age: {at_most: 20}}\n",
        second="classifies: stage\norder: 2\nwhen: {age: {at_least: 10}}\n",
        past="valid_for: {to: 2025-12-31}\nwhen: {age: {at_least: 10}}\n",
    )


def tell(book: RuleBook, rule: dict[str, object], facts: Facts = FACTS) -> Told:
    return ConditionTeller(book, facts, ON).tell(read_condition(rule, book.vocabulary))


@pytest.mark.parametrize(
    ("rule", "zh", "en", "truth", "value"),
    [
        ({"age": {"at_least": 18}}, "年龄不低于18", "Age at least 18", False, "17"),
        ({"spend": {"less_than": 50}}, "消费低于50元", "Spend less than 50 yuan", True, "49.99 yuan"),
        ({"average": {"at_least": 50}}, "平均消费不低于50元", "Average spend at least 50 yuan", None, "unknown"),
        ({"brand": "gotone"}, "品牌是：全球通", "Brand is gotone", True, "gotone"),
        ({"brand": {"not_equals": "mzone"}}, "品牌不是：动感地带", "Brand is not mzone", True, "gotone"),
        (
            {"products": {"contains_any": ["crbt_box"]}},
            "产品含有任一音乐盒",
            "Products has any of music box",
            False,
            "crbt",
        ),
        ({"products": {"contains_none": ["mms"]}}, "产品不含彩信包", "Products has none of mms", True, "crbt"),
        ({"products": {"size": {"at_least": 2}}}, "产品的个数不低于2", "number of products at least 2", False, "crbt"),
        ({"joined": {"within": "30d"}}, "入网在最近30天内", "Joined within the last 30 days", True, "2026-02-01"),
        ({"joined": {"before": "2026-02-01"}}, "入网早于2026-02-01", "Joined before 2026-02-01", False, "2026-02-01"),
        ({"arrears": False}, "欠费：否", "In arrears: no", False, "yes"),
        ({"used": {"is_known": False}}, "流量未知", "Data used is not known", True, "unknown"),
        (
            {"used": {"more_than": {"fact": "quota", "times": 0.8}}},
            "流量高于0.8 × 额度",
            "Data used more than 0.8 × Quota",
            None,
            "unknown; Quota: unknown",
        ),
    ],
)
def test_a_test_is_told_in_both_languages(
    book: RuleBook, rule: dict[str, object], zh: str, en: str, truth: bool | None, value: str
) -> None:
    told = tell(book, rule)
    assert (told.words, told.truth) == (Text(zh, en), truth)
    assert told.value is not None
    assert told.value.en == value


def test_groups_show_their_parts(book: RuleBook) -> None:
    told = tell(book, {"any": [{"age": 1}, {"not": {"all": [{"age": 17}, {"spend": {"at_least": 1}}]}}]})
    assert (told.words.en, told.truth, [part.truth for part in told.parts]) == (
        "at least one of these",
        False,
        [False] * 2,
    )
    assert told.parts[1].words.en == "not this"
    assert [part.truth for part in told.parts[1].parts[0].parts] == [True, True]


def test_a_segment_says_why_it_does_not_count(book: RuleBook) -> None:
    assert tell(book, {"segment": "second"}).words.en == "in segment second (is in first first)"
    assert tell(book, {"segment": "past"}).words.en == "in segment past (not in force)"
    assert tell(book, {"segment": "first"}).parts[0].words.en == "Age at most 20"


def parts_of(told: Told) -> Iterator[Told]:
    yield told
    for part in told.parts:
        yield from parts_of(part)


@given(condition=conditions(("first", "second", "past")), known=facts(), on=st.sampled_from([ON, date(2025, 12, 31)]))
@settings(max_examples=200, deadline=None)
def test_every_condition_has_words_and_the_truth_that_decides(
    book: RuleBook, condition: Condition, known: Facts, on: date
) -> None:
    told = ConditionTeller(book, known, on).tell(condition)
    assert told.truth is evaluate(condition, known, book=book, on=on)
    assert all(part.words.zh and part.words.en for part in parts_of(told))


def test_the_rules_of_the_project_can_be_told() -> None:
    from shared.rulekit.reading.folder import load_rules  # noqa: PLC0415 - this test alone reads them

    own = load_rules(Path(__file__).parents[3] / "rules")
    teller = ConditionTeller(own, {}, ON)
    for rule in (*own.segments.values(), *own.eligibility.values()):
        assert all(part.words.zh and part.words.en for part in parts_of(teller.tell(rule.when)))
