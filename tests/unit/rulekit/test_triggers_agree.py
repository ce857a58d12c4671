"""A window and a condition over it: reference, durable-rules and SQL say the same of every subscriber."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.rulekit.durable_backend import DurableDecider
from shared.rulekit.durable_backend import decider as decider_module
from shared.rulekit.facts import Facts
from shared.rulekit.model import Condition, Pattern, RuleBook, TriggerRule
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.storage import column_type, to_storage
from shared.rulekit.windows import Event, fires, trigger_facts, with_windows
from tests.unit.rulekit.histories import NOON, TYPES, histories, patterns, rule
from tests.unit.rulekit.rule_folders import make_book
from tests.unit.rulekit.strategies import conditions, facts

SEGMENTS = {"silent": "when: {arrears: false, age: {more_than: 1}}\n"}


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> RuleBook:
    return make_book(tmp_path_factory.mktemp("rules"), **SEGMENTS)


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sa.Connection]:
    engine = sa.create_engine("sqlite://")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def by_sql(one: TriggerRule, known: Facts, book: RuleBook, connection: sa.Connection) -> bool:
    columns = {
        fact.name: sa.literal(to_storage(fact, known.get(fact.name)), column_type(fact)) for fact in book.vocabulary
    }
    return connection.scalar(sa.select(to_sql(one.condition, columns, book, NOON.date()))) is True


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(pattern=patterns, when=st.none() | conditions(("silent",), 4), events=histories, about=facts())
def test_the_three_executors_fire_for_the_same_subscribers(
    plain: RuleBook,
    sqlite: sa.Connection,
    monkeypatch: pytest.MonkeyPatch,
    pattern: Pattern,
    when: Condition | None,
    events: list[Event],
    about: Facts,
) -> None:
    monkeypatch.setattr(decider_module, "try_in_child", lambda _: None)  # the trial has its own tests
    one = rule(pattern, when=when)
    book = replace(plain, triggers={one.id: one}, events=TYPES)
    whole = with_windows(book)
    known = {**about, **trigger_facts([one], events, at=NOON, book=book)}
    expected = fires(one, events, about, at=NOON, last_fired_at=None, book=book)
    assert DurableDecider({one.id: one.condition}, whole).decide(known, on=NOON.date())[one.id] is expected
    assert by_sql(one, known, whole, sqlite) is expected
