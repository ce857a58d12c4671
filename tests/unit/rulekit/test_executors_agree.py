"""Reference, durable-rules and SQL give one answer for every generated condition and subscriber."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from shared.rulekit import reference
from shared.rulekit.case_executors import SqlExecutor
from shared.rulekit.durable_backend import DurableDecider
from shared.rulekit.durable_backend import decider as decider_module
from shared.rulekit.facts import Facts
from shared.rulekit.model import All, Any, Compare, Condition, InSegment, Not, OtherFact, RuleBook
from tests.unit.rulekit.rule_folders import ON, make_book
from tests.unit.rulekit.strategies import conditions, facts

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
DAYS = st.sampled_from([ON, date(2026, 2, 28), date(2026, 3, 11)])
SUBSCRIBERS_EACH = 8


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), **SEGMENTS)


@pytest.fixture
def no_trial(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thousands of generated programmes each in a child process would take an hour; the trial has its own tests."""
    monkeypatch.setattr(decider_module, "try_in_child", lambda _: None)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    many=st.lists(conditions(NAMES), min_size=1, max_size=5), about=st.lists(facts(), min_size=8, max_size=8), on=DAYS
)
@example(many=[Compare("used", "equals", OtherFact("quota", 4))], about=[{"used": 2.4, "quota": 0.6}], on=ON)
@pytest.mark.usefixtures("no_trial")
def test_durable_rules_holds_exactly_when_the_reference_is_true(
    book: RuleBook, many: list[Condition], about: list[Facts], on: date
) -> None:
    named = {f"f{at}": condition for at, condition in enumerate(many)}  # named as the engine's fields are, on purpose
    decider = DurableDecider(named, book)
    for one in about:
        expected = {name: reference.evaluate(each, one, book=book, on=on) is True for name, each in named.items()}
        assert decider.decide(one, on=on) == expected


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many=st.lists(conditions(NAMES), min_size=1, max_size=8), about=facts(), on=DAYS)
def test_sqlite_gives_the_truth_value_of_the_reference(
    book: RuleBook, sqlite: SqlExecutor, many: list[Condition], about: Facts, on: date
) -> None:
    expected = [reference.evaluate(one, about, book=book, on=on) for one in many]
    assert sqlite.judge_all(many, about, on) == expected


@pytest.mark.servers
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(many=st.lists(conditions(NAMES), min_size=1, max_size=8), about=facts(), on=DAYS)
def test_postgresql_gives_the_truth_value_of_the_reference(
    book: RuleBook, postgresql: SqlExecutor, many: list[Condition], about: Facts, on: date
) -> None:
    expected = [reference.evaluate(one, about, book=book, on=on) for one in many]
    assert postgresql.judge_all(many, about, on) == expected


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


def _wide(groups: int, alternatives: int) -> Condition:
    """Return a conjunction of many alternatives: multiplied out it would be alternatives ** groups rules."""
    return All(
        tuple(
            Any(tuple(Compare("age", "equals", group * alternatives + at) for at in range(alternatives)))
            if group % 2
            else Any(tuple(Not(Compare("tenure", "equals", at)) for at in range(alternatives)))
            for group in range(groups)
        )
    )


@pytest.mark.usefixtures("no_trial")
@pytest.mark.parametrize("age", [None, 0, 5, 9, 14])
def test_a_condition_too_wide_for_one_rule_is_decided_in_stages(book: RuleBook, age: int | None) -> None:
    wide = All((_wide(4, 10), Not(_wide(3, 10))))
    about = {"age": age, "tenure": 3}
    decider = DurableDecider({"wide": wide, "not wide": Not(wide)}, book)
    for name, condition in (("wide", wide), ("not wide", Not(wide))):
        assert decider.decide(about, on=ON)[name] == (reference.evaluate(condition, about, book=book, on=ON) is True)


@pytest.mark.usefixtures("no_trial")
def test_a_condition_of_hundreds_of_tests_is_decided(book: RuleBook) -> None:
    long = All(tuple(Not(Compare("age", "equals", number)) for number in range(600)))
    either = Any(tuple(Compare("age", "equals", number) for number in range(600)))
    decider = DurableDecider({"long": long, "either": either}, book)
    assert decider.decide({"age": 599}, on=ON) == {"long": False, "either": True}
    assert decider.decide({"age": 600}, on=ON) == {"long": True, "either": False}
    assert decider.decide({}, on=ON) == {"long": False, "either": False}


@pytest.mark.usefixtures("no_trial")
def test_the_order_of_conditions_and_of_facts_does_not_matter(book: RuleBook) -> None:
    conditions_of = {name: InSegment(name) for name in NAMES}
    about = {"age": 2, "arrears": False, "used": 0.3, "brand": "mzone", "spend": 5, "products": [], "tenure": 1}
    forward = DurableDecider(conditions_of, book).decide(about, on=ON)
    backward = DurableDecider(dict(reversed(conditions_of.items())), book).decide(dict(reversed(about.items())), on=ON)
    assert forward == backward
    assert forward["silent"]
    assert not forward["at-risk"]
