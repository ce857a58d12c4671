"""Reference, durable-rules and SQL give one answer for every generated condition and subscriber."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from fractions import Fraction
from itertools import combinations, product
from typing import get_args

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.rulekit import reference
from shared.rulekit.cases.executors import SqlExecutor
from shared.rulekit.durable_backend import DurableDecider, DurableJudge
from shared.rulekit.durable_backend import decider as decider_module
from shared.rulekit.durable_backend.programme import compile_conditions
from shared.rulekit.facts import Facts
from shared.rulekit.model import (
    AgeOperator,
    All,
    Any,
    Compare,
    Condition,
    InSegment,
    IsKnown,
    Not,
    Operator,
    OtherFact,
    RuleBook,
    Scalar,
    SetOperator,
)
from tests.unit.rulekit.rule_folders import ON, make_book
from tests.unit.rulekit.strategies import DAYS, conditions, facts

SEGMENTS = {
    "silent": "classifies: stage\norder: 10\nwhen: {arrears: false, age: {more_than: 1}}\n",
    "at_risk": "classifies: stage\norder: 20\nwhen: {any: [{used: {at_least: 0.3}}, {not: {brand: gotone}}]}\n",
    "summer": (
        "classifies: stage\norder: 30\nvalid_for: {from: 2026-03-01, to: 2026-03-10}\n"
        "when: {products: {contains_none: [crbt]}, spend: {at_least: 0.02}}\n"
    ),
    "active": "classifies: stage\norder: 40\nwhen: {tenure: {is_known: true}}\n",
    "winter": "valid_for: {to: 2026-02-28}\nwhen: {tenure: {at_least: 0}}\n",
    "both": "when: {all: [{segment: silent}, {not: {segment: winter}}]}\n",
}
NAMES = tuple(name.replace("_", "-") for name in SEGMENTS)


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), **SEGMENTS)


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of generated programmes each in a child process would take an hour; the trial has its own tests."""
    monkeypatch.setattr(decider_module, "try_in_child", lambda _: None)


PAIRS = int(os.environ.get("BANYAN_PARITY_PAIRS", "3000"))
"""Pairs of a generated condition and a generated subscriber; `python -m tests.nightly` asks for many more."""
CONDITIONS_EACH, SUBSCRIBERS_EACH = 5, 20
generated = settings(
    max_examples=-(-PAIRS // (CONDITIONS_EACH * SUBSCRIBERS_EACH)),
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
several_conditions = st.lists(conditions(NAMES), min_size=CONDITIONS_EACH, max_size=CONDITIONS_EACH)
several_subscribers = st.lists(facts(), min_size=SUBSCRIBERS_EACH, max_size=SUBSCRIBERS_EACH)


def by_reference(book: RuleBook, many: list[Condition], about: list[Facts], on: date) -> list[list[bool | None]]:
    return [[reference.evaluate(one, each, book=book, on=on) for one in many] for each in about]


@generated
@given(many=several_conditions, about=several_subscribers, on=DAYS)
@example(many=[Compare("used", "equals", OtherFact("quota", 4))], about=[{"used": 2.4, "quota": 0.6}], on=ON)
@pytest.mark.usefixtures("no_trial")
def test_durable_rules_and_sqlite_give_the_truth_of_the_reference(
    book: RuleBook, sqlite: SqlExecutor, many: list[Condition], about: list[Facts], on: date
) -> None:
    expected = by_reference(book, many, about, on)
    named = {f"f{at}": condition for at, condition in enumerate(many)}  # named as the engine's fields are, on purpose
    durable = DurableJudge(named, book)
    assert [list(durable.judge(one, on=on).values()) for one in about] == expected
    assert sqlite.judge_rows(many, about, on) == expected


@pytest.mark.servers
@generated
@given(many=several_conditions, about=several_subscribers, on=DAYS)
def test_postgresql_gives_the_truth_of_the_reference(
    book: RuleBook, postgresql: SqlExecutor, many: list[Condition], about: list[Facts], on: date
) -> None:
    assert postgresql.judge_rows(many, about, on) == by_reference(book, many, about, on)


@pytest.fixture(scope="module")
def sqlite(book: RuleBook) -> Iterator[SqlExecutor]:
    engine = sa.create_engine("sqlite://")
    yield SqlExecutor(book, engine)
    engine.dispose()


@pytest.fixture(scope="module")
def postgresql(book: RuleBook, postgres_database: Callable[[], str]) -> Iterator[SqlExecutor]:
    engine = sa.create_engine(postgres_database())
    yield SqlExecutor(book, engine)
    engine.dispose()


def _either(fact: str, *numbers: int) -> Condition:
    return Any(tuple(Compare(fact, "equals", number) for number in numbers))


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("age", [None, 0, 3, 9, 10])
@pytest.mark.parametrize("tenure", [None, 3, 12])
def test_a_condition_too_wide_for_one_rule_is_decided_in_stages(
    book: RuleBook, age: int | None, tenure: int | None
) -> None:
    others = Any((_either("tenure", *range(10)), Not(_either("age", *range(3, 13)))))
    inner = All((_either("age", *range(10)), others))
    wide = All((inner, Any((Not(inner), _either("tenure", *range(3, 13)), IsKnown("spend")))))
    named = {"inner": inner, "wide": wide, "not inner": Not(inner), "not wide": Not(wide)}
    programme = compile_conditions(named, book)
    assert len({shard.stage for shard in programme.shards}) >= 3
    about = {"age": age, "tenure": tenure}
    expected = {name: reference.evaluate(one, about, book=book, on=ON) is True for name, one in named.items()}
    assert DurableDecider(named, book).decide(about, on=ON) == expected


DAY = timedelta(days=1)
DOMAINS: dict[str, tuple[Scalar, ...]] = {
    "age": (-1, 0, 1, 2, 10**12, -(10**12)),
    "used": (-0.1, 0.0, 0.1, 0.3, 0.8, 2.4, 2.4001, 3.0, 1e8, 99_999_999.9999),
    "spend": (0, 1, 1999, 2000),
    "joined": (date(1, 1, 1), ON - 31 * DAY, ON - 30 * DAY, ON - 29 * DAY, ON - DAY, ON, ON + DAY),
}
OTHERS = {"age": "tenure", "used": "quota", "spend": "average", "joined": "renewed"}
WORDS: tuple[Operator, ...] = get_args(Operator)[:5]


def _one_fact(name: str) -> list[Condition]:
    """Return every comparison of one ordered fact over its domain."""
    values = DOMAINS[name]
    found: list[Condition] = [Compare(name, word, value) for word in WORDS for value in values]
    found += [Compare(name, "one_of", values[at : at + 2]) for at in range(len(values))]
    if name == "joined":
        found += [Compare(name, word, days) for word in get_args(AgeOperator) for days in (1, 29, 30, 31)]
    return found


def _two_facts(name: str) -> list[Condition]:
    factors = [Fraction(1), Fraction(4, 5), Fraction(3), Fraction(999_999, 10_000)]
    if name == "joined":
        factors = factors[:1]
    return [Compare(name, word, OtherFact(OTHERS[name], times)) for word in WORDS for times in factors]


SET_VALUES: tuple[frozenset[str], ...] = tuple(
    frozenset(some) for size in range(4) for some in combinations(("crbt", "crbt_box", "mms"), size)
)
SETS: list[Condition] = [
    *(Compare("products", word, tuple(sorted(some))) for word in get_args(SetOperator) for some in SET_VALUES if some),
    *(Compare("products", word, size, of="size") for word in WORDS for size in range(4)),
]
FORMS: list[tuple[list[Condition], list[Facts]]] = [
    *((_one_fact(name), [{name: value} for value in (*DOMAINS[name], None)]) for name in DOMAINS),
    *(
        (_two_facts(name), [{name: left, other: right} for left, right in product((*DOMAINS[name], None), repeat=2)])
        for name, other in OTHERS.items()
    ),
    (SETS, [{"products": some} for some in (*SET_VALUES, None)]),
]


def _with_negations(conditions: list[Condition]) -> list[Condition]:
    return [*conditions, *(Not(one) for one in conditions)]


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("form", range(len(FORMS)))
def test_every_operator_over_its_whole_domain(book: RuleBook, sqlite: SqlExecutor, form: int) -> None:
    conditions, subscribers = FORMS[form]
    named = {str(at): condition for at, condition in enumerate(_with_negations(conditions))}
    judge = DurableJudge(named, book)
    truths = by_reference(book, list(named.values()), subscribers, ON)
    assert [list(judge.judge(about, on=ON).values()) for about in subscribers] == truths
    assert sqlite.judge_rows(list(named.values()), subscribers, ON) == truths


@pytest.mark.usefixtures("no_trial")
def test_a_condition_of_thousands_of_tests_is_decided(book: RuleBook, sqlite: SqlExecutor) -> None:
    long = All(tuple(Not(Compare("age", "equals", number)) for number in range(3_000)))
    either = Any(tuple(Compare("age", "equals", number) for number in range(3_000)))
    judge = DurableJudge({"long": long, "either": either}, book)
    for about, expected in (({"age": 2_999}, [False, True]), ({"age": 3_000}, [True, False]), ({}, [None, None])):
        assert list(judge.judge(about, on=ON).values()) == expected
        assert sqlite.judge_all([long, either], about, ON) == expected


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("age", [None, 0, 1, 40])
def test_negated_groups_in_one_another_deeper_than_any_file_are_decided(
    book: RuleBook, sqlite: SqlExecutor, age: int | None
) -> None:
    deep: Condition = Compare("age", "equals", 1)
    for number in range(40):  # as segments that name segments make them; SQLite's parser holds some 40 groups
        other = Compare("age", "equals", number)
        deep = Not(Any((Not(All((deep, other))), Not(other))))
    truth = reference.evaluate(deep, {"age": age}, book=book, on=ON)
    assert DurableJudge({"deep": deep}, book).judge({"age": age}, on=ON) == {"deep": truth}
    assert sqlite(deep, {"age": age}, ON) is truth


@pytest.mark.usefixtures("no_trial")
def test_a_failed_statement_leaves_nothing_behind(book: RuleBook) -> None:
    engine = sa.create_engine("sqlite://")
    executor, one = SqlExecutor(book, engine), Compare("age", "equals", 1)
    with engine.connect() as connection:
        connection.connection.driver_connection.setlimit(sqlite3.SQLITE_LIMIT_COLUMN, 5)  # type: ignore[union-attr]  # the driver's own
    with pytest.raises(sa.exc.OperationalError, match="too many columns"):
        executor.judge_all([one] * 6, {"age": 1}, ON)
    assert executor(one, {"age": 1}, ON) is True
    engine.dispose()


@pytest.mark.usefixtures("no_trial")
def test_the_order_of_conditions_and_of_facts_does_not_matter(book: RuleBook) -> None:
    conditions_of = {name: InSegment(name) for name in NAMES}
    about = {"age": 2, "arrears": False, "used": 0.3, "brand": "mzone", "spend": 5, "products": [], "tenure": 1}
    forward = DurableDecider(conditions_of, book).decide(about, on=ON)
    backward = DurableDecider(dict(reversed(conditions_of.items())), book).decide(dict(reversed(about.items())), on=ON)
    assert forward == backward
    assert forward["silent"]
    assert not forward["at-risk"]
