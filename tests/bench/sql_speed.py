"""Twenty rules over a province in one SQL statement: ours beside the same written by hand, over text and over masks.

All count, for each rule, the subscribers it holds for. The statements take turns, so that what else the machine does
falls on all of them, and the medians are compared.
"""

import time
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from rich.progress import Progress
from sqlalchemy.engine import Connection

from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.store import SqlStore
from shared.persistence.database import Database
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.conditions import read_condition
from shared.rulekit.sql_backend import to_sql
from tests.bench.figures import Aim, Figure, median
from tests.bench.province_base import province_base, settle
from tests.bench.twenty_rules import RULES, over_masks, over_text
from tests.support.postgres import Postgres

_ON = date(2026, 3, 2)
_BY_HAND = {"text": "by hand over text", "masks": "by hand over bit masks"}
_MOST = 1.5


@dataclass(frozen=True, slots=True)
class Size:
    """How many subscribers, and how often each statement runs for each number of helpers."""

    subscribers: int
    rounds: int


FULL, QUICK = Size(1_000_000, 7), Size(20_000, 2)


def measure(postgres: Postgres, progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    """Return seconds of our statement beside those by hand, without and with a parallel helper.

    Raises RuntimeError where they do not count the same.
    """
    with province_base(postgres, size.subscribers, progress) as (_, database, book):
        statements = _statements(database, book)
        task = progress.add_task("20 rules in SQL", total=2 * size.rounds)
        taken: dict[int, dict[str, list[float]]] = {}
        for helpers in (0, 1):
            with database.read() as connection:
                connection.exec_driver_sql(f"SET max_parallel_workers_per_gather = {helpers}")
                taken[helpers] = {name: [] for name in statements}
                for _ in range(size.rounds):
                    _round(connection, statements, taken[helpers])
                    progress.advance(task)
    figures = []
    for helpers, seconds in taken.items():
        cores = "two cores" if helpers else "one core"
        for name, words in _BY_HAND.items():
            label = f"20 rules over {size.subscribers:,} subscribers, {cores}"
            figures.append(
                Figure(label, "s", median(seconds["ours"]), words, median(seconds[name]), Aim("at most", _MOST))
            )
    return figures, {"subscribers": size.subscribers, "seconds": taken}


def _statements(database: Database, book: RuleBook) -> dict[str, sa.Executable]:
    customers = SqlStore(database).prepare(book)
    members = {fact.column: list(fact.values) for fact in customers.facts if fact.type == "set"}
    _make_masked(database, members, [fact.column for fact in customers.facts if fact.type != "set"])
    text = (f"count(*) FILTER (WHERE {over_text(by_hand)})" for _, by_hand in RULES)
    masks = (f"count(*) FILTER (WHERE {over_masks(by_hand, members)})" for _, by_hand in RULES)
    return {
        "ours": _ours(customers, book),
        "text": sa.text(f"SELECT {', '.join(text)} FROM customer"),  # noqa: S608 - our own words
        "masks": sa.text(f"SELECT {', '.join(masks)} FROM masked"),  # noqa: S608 - our own words
    }


def _ours(customers: Customers, book: RuleBook) -> sa.Select[Any]:
    conditions = [read_condition(when, book.vocabulary, segments=book.segments) for when, _ in RULES]
    truths = [to_sql(each, customers.columns, book, _ON) for each in conditions]
    return sa.select(*(sa.func.count().filter(truth) for truth in truths)).select_from(customers.table)


def _make_masked(database: Database, members: dict[str, list[str]], others: list[str]) -> None:
    """Make the table somebody would make by hand for this one query: masks instead of texts."""
    masks = [
        f"{' | '.join(f'((strpos({column}, $${member}$$) > 0)::int::bigint << {place})' for place, member in marked)}"
        f" AS {column}_mask"
        for column, marked in (
            (column, [(place, f",{member},") for place, member in enumerate(names)])
            for column, names in members.items()
        )
    ]
    columns = ", ".join(f'"{column}"' for column in others)
    with database.write() as connection:
        connection.exec_driver_sql(
            f"CREATE TABLE masked AS SELECT customer_id, {columns}, {', '.join(masks)} FROM customer"  # noqa: S608 - as above
        )
    settle(database, "masked")


def _round(connection: Connection, statements: dict[str, sa.Executable], taken: dict[str, list[float]]) -> None:
    answers = set()
    for name, statement in statements.items():
        begun = time.perf_counter()
        answers.add(tuple(connection.execute(statement).one()))
        taken[name].append(time.perf_counter() - begun)
    if len(answers) != 1:
        raise RuntimeError(f"the statements do not count the same: {answers}")
