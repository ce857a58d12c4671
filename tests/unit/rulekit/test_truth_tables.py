"""The meaning of every operator, as the reference has it."""

from datetime import date
from itertools import product
from pathlib import Path

import pytest

from shared.rulekit.facts import Facts, InvalidFact
from shared.rulekit.model import All, Any, Constant, InSegment, Not, RuleBook, UnknownSegment
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.reference import evaluate, holds
from tests.unit.rulekit.rule_folders import ON, make_book, make_folder, put_rule

TRUTH = (True, False, None)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"))


def judge(book: RuleBook, rule: dict[str, object], facts: Facts, on: date = ON) -> bool | None:
    return evaluate(read_condition(rule, book.vocabulary), facts, book=book, on=on)


@pytest.mark.parametrize(("left", "right"), list(product(TRUTH, TRUTH)))
def test_groups_follow_the_three_valued_logic_of_sql(book: RuleBook, left: bool | None, right: bool | None) -> None:
    parts = (Constant(left), Constant(right))
    both = False if False in (left, right) else None if None in (left, right) else True
    either = True if True in (left, right) else None if None in (left, right) else False
    assert evaluate(All(parts), {}, book=book, on=ON) is both
    assert evaluate(Any(parts), {}, book=book, on=ON) is either


@pytest.mark.parametrize(("value", "negated"), [(True, False), (False, True), (None, None)])
def test_not_of_unknown_is_unknown(book: RuleBook, value: bool | None, negated: bool | None) -> None:
    assert evaluate(Not(Constant(value)), {}, book=book, on=ON) is negated


KNOWN = {"age": 30, "used": 2.4, "quota": 3, "spend": 1999, "arrears": False, "handset": "诺基亚 N73",
         "brand": "gotone", "products": ["crbt", "mms"], "joined": "2026-01-31"}  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"age": 30}, True),
        ({"age": {"not_equals": 30}}, False),
        ({"age": {"at_least": 30}}, True),
        ({"age": {"more_than": 30}}, False),
        ({"age": {"at_most": 30}}, True),
        ({"age": {"less_than": 30}}, False),
        ({"age": {"between": [30, 40]}}, True),
        ({"age": {"between": [20, 30]}}, True),
        ({"age": {"between": [31, 40]}}, False),
        ({"age": {"at_least": 18, "less_than": 30}}, False),
        ({"age": {"one_of": [29, 30]}}, True),
        ({"age": {"none_of": [29, 30]}}, False),
        ({"spend": 19.99}, True),
        ({"spend": {"more_than": 19.9}}, True),
        ({"spend": {"at_least": 20}}, False),
        ({"used": {"equals": {"fact": "quota", "times": 0.8}}}, True),  # in doubles 0.8 × 3 is more than 2.4
        ({"used": {"more_than": {"fact": "quota", "times": 0.8}}}, False),
        ({"used": {"less_than": {"fact": "quota"}}}, True),
        ({"arrears": False}, True),
        ({"arrears": {"equals": True}}, False),
        ({"handset": "诺基亚 N73"}, True),
        ({"handset": {"one_of": ["诺基亚", "N73"]}}, False),
        ({"brand": {"none_of": ["mzone"]}}, True),
        ({"products": {"contains_any": ["crbt_box", "mms"]}}, True),
        ({"products": {"contains_all": ["crbt", "mms"]}}, True),
        ({"products": {"contains_all": ["crbt", "crbt_box"]}}, False),
        ({"products": {"contains_none": ["crbt_box"]}}, True),
        ({"products": {"size": {"at_least": 2, "less_than": 3}}}, True),
        ({"products": {"size": 1}}, False),
        ({"joined": "2026-01-31"}, True),
        ({"joined": {"before": "2026-01-31"}}, False),
        ({"joined": {"after": "2026-01-30"}}, True),
        ({"joined": {"older_than": "30d"}}, False),  # exactly thirty days before the second of March
        ({"joined": {"older_than": "29d"}}, True),
        ({"joined": {"within": "30d"}}, True),
        ({"joined": {"within": "29d"}}, False),
        ({"joined": {"within": "5w"}}, True),
        ({"joined": {"is_known": True}}, True),
        ({"joined": {"is_known": False}}, False),
        ({"age": 30, "brand": "mzone"}, False),
        ({"any": [{"brand": "mzone"}, {"age": 30}]}, True),
        ({"not": {"age": 30}}, False),
    ],
)
def test_an_operator_means_what_the_language_says(book: RuleBook, rule: dict[str, object], expected: bool) -> None:
    assert judge(book, rule, KNOWN) is expected
    name = next(iter(rule))
    if name in book.vocabulary and "is_known" not in str(rule):
        assert judge(book, rule, {}) is None
        assert judge(book, rule, {name: None}) is None
        assert judge(book, {"not": rule}, KNOWN) is not expected


def test_a_day_after_the_day_of_judgement_is_neither_recent_nor_old(book: RuleBook) -> None:
    tomorrow = {"joined": "2026-03-03"}
    assert judge(book, {"joined": {"within": "30d"}}, tomorrow) is False
    assert judge(book, {"joined": {"older_than": "1d"}}, tomorrow) is False
    assert judge(book, {"joined": {"within": "30d"}}, tomorrow, on=date(2026, 3, 3)) is True


def test_an_empty_set_is_known_and_contains_none(book: RuleBook) -> None:
    assert judge(book, {"products": {"contains_none": ["crbt"]}}, {"products": []}) is True
    assert judge(book, {"products": {"contains_any": ["crbt"]}}, {"products": []}) is False
    assert judge(book, {"products": {"size": 0}}, {"products": []}) is True
    assert judge(book, {"products": {"is_known": True}}, {"products": []}) is True


def test_a_comparison_with_an_unknown_fact_on_the_right_is_unknown(book: RuleBook) -> None:
    assert judge(book, {"used": {"more_than": {"fact": "quota"}}}, {"used": 1}) is None


def test_an_ill_typed_fact_is_a_fault_and_never_an_answer(book: RuleBook) -> None:
    with pytest.raises(InvalidFact) as caught:
        judge(book, {"age": 30}, {"age": "30"})
    assert caught.value.code == "wrong_type"


STAGES = {
    "lost": "classifies: stage\norder: 1\nwhen: {arrears: true}\n",
    "risky": "classifies: stage\norder: 2\nwhen: {used: {at_least: 0.5}}\n",
    "active": "classifies: stage\norder: 3\nwhen: {age: {at_least: 18}}\n",
}


@pytest.mark.parametrize(
    ("facts", "stage"),
    [
        ({"arrears": True, "used": 1, "age": 20}, "lost"),
        ({"arrears": False, "used": 1, "age": 20}, "risky"),
        ({"arrears": False, "used": 0, "age": 20}, "active"),
        (
            {"arrears": False, "age": 20},
            "active",
        ),  # an unknown earlier one does not stand in the way
        ({"age": 20}, "active"),
        ({"arrears": False, "used": 0, "age": 3}, None),
    ],
)
def test_the_first_segment_that_holds_is_the_class(tmp_path: Path, facts: Facts, stage: str | None) -> None:
    staged = make_book(tmp_path, **STAGES)
    assert staged.classes == {"stage": ("lost", "risky", "active")}
    in_them = [name for name, rule in staged.segments.items() if holds(rule, facts, book=staged, on=ON)]
    assert in_them == ([stage] if stage else [])


def test_a_granting_rule_outside_its_days_does_not_hold(tmp_path: Path) -> None:
    make_folder(tmp_path)
    span = "valid_for: {from: 2026-03-01, to: 2026-03-10}\n"
    put_rule(tmp_path, "segments", "spring", span + "when: {age: {at_least: 18}}\n")
    put_rule(tmp_path, "eligibility", "adult", span + "level: eligibility\nwhen: {age: {at_least: 18}}\n")
    book = load_rules(tmp_path)
    for rule in (book.segments["spring"], book.eligibility["adult"]):
        assert holds(rule, {"age": 20}, book=book, on=date(2026, 3, 1))
        assert holds(rule, {"age": 20}, book=book, on=date(2026, 3, 10))
        assert not holds(rule, {"age": 20}, book=book, on=date(2026, 2, 28))
        assert not holds(rule, {"age": 20}, book=book, on=date(2026, 3, 11))
    assert evaluate(Not(InSegment("spring")), {}, book=book, on=date(2026, 4, 1)) is True


def test_a_segment_that_does_not_exist_is_a_fault(book: RuleBook) -> None:
    with pytest.raises(UnknownSegment) as caught:
        evaluate(InSegment("nobody"), {}, book=book, on=ON)
    assert caught.value.code == "unknown_segment"
