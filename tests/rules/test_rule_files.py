"""The project's own rules: they load, the engine carries them, and every case holds on every executor."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.workbench.rule_fmt import format_rules
from services.workbench.rule_selection import RuleSelection
from shared.rulekit.cases.executors import SqlExecutor, all_executors, durable_executor
from shared.rulekit.cases.fact_cases import reference_executor, run_fact_cases
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.durable_backend import accept_rules
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

RULES = Path(__file__).parents[2] / "rules"


@pytest.fixture(scope="module")
def book() -> RuleBook:
    return load_rules(RULES)


@pytest.fixture(scope="module")
def sqlite() -> Iterator[sa.Engine]:
    engine = sa.create_engine("sqlite://")
    yield engine
    engine.dispose()


def test_the_vocabulary_loads_with_every_fact_typed_and_labelled(book: RuleBook) -> None:
    assert len(book.vocabulary) > 30
    assert all(fact.label.zh and fact.label.en and fact.owner for fact in book.vocabulary)


def test_every_rule_has_cases_and_every_case_can_be_read(book: RuleBook) -> None:
    facts, scenarios = read_cases(book, RULES)
    judged = {(case.kind, case.rule_id) for case in (*facts, *scenarios)}
    assert judged == {(kind, rule) for kind, rules in book.by_kind.items() for rule in rules}


def test_every_case_holds_on_every_executor(book: RuleBook, sqlite: sa.Engine) -> None:
    results = run_fact_cases(read_cases(book, RULES)[0], book, all_executors(book, sqlite))
    assert {result.executor for result in results} >= {"reference", "durable", "sql"}
    wrong = [f"{one.place.path}:{one.place.line} {one.executor}: {one.message}" for one in results if not one.ok]
    assert wrong == []


@pytest.mark.servers
def test_every_case_holds_on_postgresql(book: RuleBook, postgres_database: Callable[[], str]) -> None:
    engine = sa.create_engine(postgres_database())
    results = run_fact_cases(read_cases(book, RULES)[0], book, {"postgresql": SqlExecutor(book, engine)})
    engine.dispose()
    assert [one for one in results if not one.ok] == []


def test_the_engine_carries_the_whole_book(book: RuleBook) -> None:
    accept_rules(book)


def test_executors_know_the_books_own_conditions(book: RuleBook) -> None:
    durable, reference = durable_executor(book), reference_executor(book)
    facts, _ = read_cases(book, RULES)
    for case in facts[:20]:
        rule = book.segments.get(case.rule_id) or book.eligibility[case.rule_id]
        truth = reference(rule.when, case.facts, case.on)
        assert durable(rule.when, case.facts, case.on) is truth


def test_every_rule_file_is_in_canonical_form() -> None:
    report = format_rules(RuleSelection(RULES), write=False)
    assert (report.changed, report.faults) == ([], [])
    assert report.files > 100
