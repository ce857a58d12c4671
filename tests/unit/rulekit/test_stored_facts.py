"""Facts on their way in and out of a store, and what is refused on the way."""

import subprocess
import sys

import pytest
import sqlalchemy as sa
from hypothesis import given

from shared.kernel.text import Text
from shared.rulekit.facts import Facts, InvalidFact, check_facts, known_value
from shared.rulekit.model import Compare, RuleBook
from shared.rulekit.sql_backend import FactNotStored, to_sql
from shared.rulekit.storage import column_type, columns_for, from_storage, mask_column, mask_of, to_storage
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


def test_only_the_facts_a_table_holds_have_columns(book: RuleBook) -> None:
    fact = book.vocabulary["age"]
    table = sa.Table("t", sa.MetaData(), sa.Column("age", column_type(fact)), sa.Column("other", sa.Text))
    columns = columns_for(table, book.vocabulary)
    assert set(columns) == {"age"}
    with pytest.raises(FactNotStored) as caught:
        to_sql(Compare("used", "equals", 1.0), columns, book, ON)
    assert caught.value.details["id"] == "used"


@pytest.mark.parametrize("module", ["model", "reference", "vocabulary", "facts", "conditions", "faults"])
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
