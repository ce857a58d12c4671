"""The three executors in one form, for cases and for comparing them with one another."""

from collections.abc import Mapping
from datetime import date

import sqlalchemy as sa

from shared.rulekit.cases import Executor, reference_executor
from shared.rulekit.durable_backend import DurableJudge
from shared.rulekit.facts import FactValue
from shared.rulekit.model import Condition, InSegment, RuleBook
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.storage import column_type, columns_for, to_storage


def all_executors(book: RuleBook, engine: sa.Engine | None = None) -> dict[str, Executor]:
    """Return `reference`, `durable` and `sql` (on a private SQLite in memory unless an engine is given)."""
    return {
        "reference": reference_executor(book),
        "durable": durable_executor(book),
        "sql": SqlExecutor(book, engine or sa.create_engine("sqlite://")),
    }


def durable_executor(book: RuleBook) -> Executor:
    """Return durable-rules as an executor; the book's own conditions share one judge, others get their own."""
    own: dict[str, Condition] = {f"segment {name}": InSegment(name) for name in book.segments}
    own |= {f"eligibility {name}": rule.when for name, rule in book.eligibility.items()}
    shared = DurableJudge(own, book)
    judges = {condition: (shared, name) for name, condition in own.items()}

    def judge(condition: Condition, facts: Mapping[str, FactValue], on: date) -> bool | None:
        if condition not in judges:
            judges[condition] = (DurableJudge({"case": condition}, book), "case")
        one, name = judges[condition]
        return one.judge(facts, on=on)[name]

    return judge


class SqlExecutor:
    """Judges one subscriber with the expression that selects audiences, over a table of one row."""

    def __init__(self, book: RuleBook, engine: sa.Engine) -> None:
        self._book = book
        self._engine = engine
        columns = {fact.column: column_type(fact) for fact in book.vocabulary}
        self._table = sa.Table(
            "case_facts",
            sa.MetaData(),
            *(sa.Column(name, column) for name, column in columns.items()),
            prefixes=["TEMPORARY"],
        )

    def __call__(self, condition: Condition, facts: Mapping[str, FactValue], on: date) -> bool | None:
        """Return TRUE, FALSE or NULL as the database sees it."""
        return self.judge_all([condition], facts, on)[0]

    def judge_all(self, conditions: list[Condition], facts: Mapping[str, FactValue], on: date) -> list[bool | None]:
        """Return the truth of many conditions about one subscriber, in one statement."""
        columns = columns_for(self._table, self._book.vocabulary)
        row = {fact.column: to_storage(fact, facts.get(fact.name)) for fact in self._book.vocabulary}
        judged = [to_sql(one, columns, self._book, on).label(f"c{at}") for at, one in enumerate(conditions)]
        with self._engine.begin() as connection:
            self._table.create(connection)
            connection.execute(sa.insert(self._table), [row])
            found = connection.execute(sa.select(*judged)).one()
            self._table.drop(connection)
        return [None if value is None else bool(value) for value in found]
