"""The three executors in one form, for cases and for comparing them with one another."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date

import sqlalchemy as sa

from shared.rulekit.cases.fact_cases import Executor, reference_executor
from shared.rulekit.durable_backend import DurableJudge
from shared.rulekit.facts import FactValue, facts_of
from shared.rulekit.model import Condition, InSegment, RuleBook
from shared.rulekit.reference import evaluate
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.storage import column_type, to_storage

BatchExecutor = Callable[[Sequence[Mapping[str, FactValue]], date], list[bool | None]]
"""One way to judge one condition about many subscribers on one day."""
EXECUTORS = ("reference", "durable", "sql")


def batch_executor(name: str, condition: Condition, book: RuleBook, engine: sa.Engine) -> BatchExecutor:
    """Return one of EXECUTORS for a condition; `engine` is for `sql`, durable-rules compiles and tries it here."""
    if name == "sql":
        sql = SqlExecutor(book, engine)
        return lambda rows, on: [truth for (truth,) in sql.judge_rows([condition], rows, on)]
    if name == "durable":
        judge = DurableJudge({"it": condition}, book)
        return lambda rows, on: [judge.judge(row, on=on)["it"] for row in rows]
    return lambda rows, on: [evaluate(condition, row, book=book, on=on) for row in rows]


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
    """Judges subscribers with the expressions that select audiences, over a temporary table of them."""

    def __init__(self, book: RuleBook, engine: sa.Engine) -> None:
        self._book = book
        self._engine = engine

    def __call__(self, condition: Condition, facts: Mapping[str, FactValue], on: date) -> bool | None:
        """Return TRUE, FALSE or NULL as the database sees it."""
        return self.judge_all([condition], facts, on)[0]

    def judge_all(self, conditions: Sequence[Condition], facts: Mapping[str, FactValue], on: date) -> list[bool | None]:
        """Return the truth of many conditions about one subscriber, in one statement."""
        return self.judge_rows(conditions, [facts], on)[0]

    def judge_rows(
        self, conditions: Sequence[Condition], rows: Sequence[Mapping[str, FactValue]], on: date
    ) -> list[list[bool | None]]:
        """Return for each subscriber the truth of each condition: one statement to load them, one to judge them."""
        read = frozenset[str]().union(*(facts_of(one, self._book) for one in conditions))
        facts = [fact for fact in self._book.vocabulary if fact.name in read]
        place = sa.Column("place", sa.Integer)
        held = [sa.Column(f"fact_{at}", column_type(fact)) for at, fact in enumerate(facts)]
        table = sa.Table("judged", sa.MetaData(), place, *held, prefixes=["TEMPORARY"])
        columns = {fact.name: column for fact, column in zip(facts, held, strict=True)}
        judged = [to_sql(one, columns, self._book, on).label(f"c{at}") for at, one in enumerate(conditions)]
        stored = [
            {"place": at, **{columns[fact.name].key: to_storage(fact, row.get(fact.name)) for fact in facts}}
            for at, row in enumerate(rows)
        ]
        with self._engine.connect() as connection:  # ends with a rollback: the table is never kept
            if connection.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN")  # its driver begins nothing before a CREATE
            table.create(connection)
            connection.execute(sa.insert(table), stored)
            found = connection.execute(
                sa.select(*judged).select_from(table).order_by(place)
            ).all()  # all may be constant
        return [[None if value is None else bool(value) for value in row] for row in found]
