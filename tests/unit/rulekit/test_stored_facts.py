"""Facts on their way in and out of a store, and what is refused on the way."""

import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given

from shared.kernel.text import Text
from shared.rulekit.facts import Facts, InvalidFact, check_facts, known_value
from shared.rulekit.model import Compare, InSegment, Not, RuleBook
from shared.rulekit.sql_backend import FactNotStored, to_sql
from shared.rulekit.storage import column_type, from_storage, mask_column, mask_of, to_storage
from shared.rulekit.vocabulary import Fact
from tests.unit.rulekit.rule_folders import ON, make_book
from tests.unit.rulekit.strategies import facts


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"))


@given(about=facts())
def test_what_is_stored_comes_back(book: RuleBook, about: Facts) -> None:
    for name, value in about.items():
        fact = book.vocabulary[name]
        back = from_storage(fact, to_storage(fact, value))
        assert known_value(fact, back) == known_value(fact, value)


def test_a_set_is_stored_sorted_with_a_comma_at_both_ends(book: RuleBook) -> None:
    fact = book.vocabulary["products"]
    assert to_storage(fact, ["mms", "crbt"]) == ",crbt,mms,"
    assert to_storage(fact, []) == ","
    assert to_storage(fact, None) is None
    assert from_storage(fact, ",crbt,mms,") == ["crbt", "mms"]
    assert from_storage(fact, ",") == []


def test_a_value_the_vocabulary_does_not_permit_is_not_stored(book: RuleBook) -> None:
    with pytest.raises(InvalidFact):
        to_storage(book.vocabulary["brand"], "gotown")


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("aged", 1, "unknown_fact"),
        ("age", "1", "wrong_type"),
        ("age", 1.0, "wrong_type"),
        ("age", True, "wrong_type"),
        ("age", 10**12 + 1, "too_large"),
        ("spend", 19.9, "wrong_type"),
        ("used", "1", "wrong_type"),
        ("used", True, "wrong_type"),
        ("used", float("nan"), "too_large"),
        ("used", float("-inf"), "too_large"),
        ("used", 0.00001, "too_precise"),
        ("arrears", 1, "wrong_type"),
        ("handset", 1, "wrong_type"),
        ("handset", "a\x00b", "bad_text"),
        ("handset", "\ud800", "bad_text"),
        ("handset", "x" * 1001, "bad_text"),
        ("brand", "gotown", "unknown_value"),
        ("products", "crbt", "wrong_type"),
        ("products", [1], "wrong_type"),
        ("products", ["tone"], "unknown_value"),
        ("joined", "2026-3-2", "bad_date"),
        ("joined", "20260302", "bad_date"),
        ("joined", "2026-03-02T00:00:00", "bad_date"),
        ("joined", 5, "wrong_type"),
    ],
)
def test_a_fact_of_another_type_is_told_by_its_name(book: RuleBook, name: str, value: object, code: str) -> None:
    about: Facts = {"tenure": 1, name: value}  # type: ignore[dict-item]  # the table holds wrong values on purpose
    assert [(fault.fact, fault.code) for fault in check_facts(about, book.vocabulary)] == [(name, code)]


def test_every_fault_is_told_with_the_nearest_name(book: RuleBook) -> None:
    found = check_facts({"aged": 1, "brand": "gotown", "age": 1}, book.vocabulary)
    assert [(fault.fact, fault.suggestion) for fault in found] == [("aged", "age"), ("brand", "gotone")]


def test_a_condition_on_a_fact_without_a_column_is_refused(book: RuleBook) -> None:
    columns = {"age": sa.column("age", column_type(book.vocabulary["age"]))}
    with pytest.raises(FactNotStored) as caught:
        to_sql(Compare("used", "equals", 1.0), columns, book, ON)
    assert caught.value.details["id"] == "used"


@pytest.mark.parametrize(
    "module", ["model", "reference", "vocabulary", "facts", "windows", "reading.conditions", "cases.model", "faults"]
)
def test_the_pure_parts_need_neither_yaml_nor_sqlalchemy_nor_the_engine(module: str) -> None:
    program = (
        f"import sys, shared.rulekit.{module}\n"
        "sys.exit(', '.join({'yaml', 'sqlalchemy', 'durable_rules_engine', 'durable'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def products_of(*members: str) -> Fact:
    return Fact(
        "products",
        "set",
        "customer_view",
        "products",
        Text("产品", "Products"),
        values=dict.fromkeys(members, Text("", "")),
    )


def test_a_mask_is_named_after_the_members_its_bits_stand_for() -> None:
    name = mask_column(products_of("crbt", "mms"))
    assert name is not None
    assert mask_column(products_of("mms", "crbt")) == name  # the file's order does not matter
    assert mask_column(products_of("crbt", "mms", "weather")) != name
    assert mask_of(products_of("mms", "crbt"), ["mms"]) == mask_of(products_of("crbt", "mms"), ["mms", "mms"]) == 2


def test_sets_of_too_many_members_and_other_facts_have_no_mask() -> None:
    members = [f"m{number}" for number in range(63)]
    assert mask_column(products_of(*members)) is None
    assert mask_column(products_of(*members[:62])) is not None
    assert mask_of(products_of(*members[:62]), members[:62]) == 2**62 - 1
    assert mask_column(Fact("age", "integer", "customer_view", "age", Text("年龄", "Age"))) is None


@pytest.mark.parametrize("value", [None, 0, 5])
def test_a_negated_condition_is_one_truth_value_wherever_it_stands(value: int | None, tmp_path: Path) -> None:
    negated = Not(InSegment("grown"))
    book = make_book(tmp_path, grown="when: {all: [{age: {at_least: 3}}, {age: {is_known: true}}]}\n")
    column = sa.literal(value, sa.BigInteger) if value is not None else sa.cast(sa.null(), sa.BigInteger)
    truth = to_sql(negated, {"age": column}, book, ON)
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        found = connection.execute(sa.select(truth.is_(sa.true()), truth.is_not(sa.true()), truth.is_(None))).one()
    engine.dispose()
    wanted = True if value is None else value < 3  # is_known is false for the unknown one
    assert tuple(map(bool, found)) == (wanted is True, wanted is not True, wanted is None)


def test_whoever_an_unknown_negated_rival_does_not_hold_for_stays_in_the_later_segment(tmp_path: Path) -> None:
    rivals = make_book(
        tmp_path,
        first="classifies: stage\norder: 1\nwhen: {not: {all: [{age: {at_least: 3}}, {tenure: {at_least: 3}}]}}\n",
        second="classifies: stage\norder: 2\nwhen: {spend: {at_least: 0}}\n",
    )
    columns = {name: sa.cast(sa.null(), sa.BigInteger) for name in ("age", "tenure")} | {"spend": sa.literal(1)}
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        assert connection.scalar(sa.select(to_sql(InSegment("second"), columns, rivals, ON)))
    engine.dispose()
