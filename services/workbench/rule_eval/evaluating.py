"""What `banyan rules eval` does: one rule file, judged about one line of facts after another."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from typing import IO, Protocol

import sqlalchemy as sa

from services.workbench.registry import DatabaseUnavailable
from services.workbench.rule_eval.condition_judge import ConditionJudge, Verdict
from services.workbench.rule_eval.fact_lines import BadLine, FactLine, FaultyLine, LineReader
from services.workbench.rule_eval.rule_and_book import Sources, read_for_evaluation
from services.workbench.rule_eval.scenario_judges import RankingJudge, TriggerJudge, conflict_judge, policy_judge
from shared.kernel.faults import InvalidRequest
from shared.persistence.database import BadDatabaseUrl, Database
from shared.rulekit.cases.executors import EXECUTORS, BatchExecutor, batch_executor
from shared.rulekit.model import (
    Capacity,
    Condition,
    CoolingOff,
    EligibilityRule,
    Exclusive,
    FrequencyCap,
    InSegment,
    ListEffect,
    NoRepeat,
    NotWithin,
    QuietHours,
    RankingRule,
    Requires,
    Rule,
    RuleBook,
    SegmentRule,
    Spacing,
    Supersedes,
    TriggerRule,
)
from shared.rulekit.windows import with_windows

BATCH = 1_000
"""Lines judged together: one statement of SQL each."""


class WrongExecutor(InvalidRequest):
    """A rule that is no condition is judged by the domain that decides by it, which only `reference` names."""

    code = "wrong_executor"


class LineJudge(Protocol):
    """Judges lines by one rule."""

    def judge(self, lines: Sequence[FactLine]) -> Iterable[Verdict | BadLine]:
        """Return for each line what is told of it beside its number, or what is wrong with it."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of output, and whether all is well with it."""

    told: Verdict
    is_well: bool


@contextmanager
def open_engine(url: str | None) -> Iterator[sa.Engine]:
    """Open where `sql` runs: the database of a URL, or a private SQLite in memory; raises DatabaseUnavailable."""
    try:
        engine = Database(url).engine if url is not None else sa.create_engine("sqlite://")
        with engine.connect():
            pass
    except (BadDatabaseUrl, sa.exc.DBAPIError) as fault:
        reason = fault.orig if isinstance(fault, sa.exc.DBAPIError) else fault.message
        raise DatabaseUnavailable(f"--database: {reason}", details={"field": "database"}) from fault
    try:
        yield engine
    finally:
        engine.dispose()


class Evaluation:
    """A rule ready to be judged by an executor, or by `all` of them; `engine` is where `sql` runs.

    Raises RuleFaults for faulty files, WrongExecutor, and EngineFault when durable-rules cannot carry the rule.
    """

    def __init__(self, sources: Sources, executor: str, engine: sa.Engine) -> None:
        self._rule, self._book = read_for_evaluation(sources)
        self._judge = _judge(self._rule, self._book, executor, engine)

    def run(self, stream: IO[bytes], on: date) -> Iterator[Outcome]:
        """Yield what comes of each line, in order; no more than a batch is held at a time."""
        has_facts = isinstance(self._rule, SegmentRule | EligibilityRule | TriggerRule)
        lines = LineReader(self._book.vocabulary, on, holds_facts=has_facts).read(stream)
        while batch := list(itertools.islice(lines, BATCH)):
            judged = iter(self._judge.judge([one for one in batch if isinstance(one, FactLine)]))
            for one in batch:
                yield _outcome(one, next(judged) if isinstance(one, FactLine) else one.fault)


def _judge(rule: Rule, book: RuleBook, executor: str, engine: sa.Engine) -> LineJudge:
    match rule:
        case SegmentRule():
            return ConditionJudge(rule, book, _executors(executor, InSegment(rule.id), book, engine))
        case EligibilityRule():
            return ConditionJudge(rule, book, _executors(executor, rule.when, book, engine))
        case TriggerRule():
            return TriggerJudge(rule, book, _executors(executor, rule.condition, with_windows(book), engine))
    if executor != "reference":
        message = f"{rule.id} is judged by the domain that decides by it: there is only --executor reference"
        raise WrongExecutor(message, details={"field": "executor"})
    match rule:
        case RankingRule():
            return RankingJudge(rule, book)
        case Exclusive() | Requires() | Supersedes() | NotWithin():
            return conflict_judge(rule, book)
        case FrequencyCap() | Spacing() | QuietHours() | CoolingOff() | ListEffect() | NoRepeat() | Capacity():
            return policy_judge(rule, book)
        case _:
            raise TypeError(rule)


def _executors(executor: str, condition: Condition, book: RuleBook, engine: sa.Engine) -> dict[str, BatchExecutor]:
    names = EXECUTORS if executor == "all" else (executor,)
    return {name: batch_executor(name, condition, book, engine) for name in names}


def _outcome(line: FactLine | FaultyLine, found: Verdict | BadLine) -> Outcome:
    head: Verdict = {"line": line.number} if line.id is None else {"line": line.number, "id": line.id}
    if isinstance(found, BadLine):
        error = {"code": found.code, "message": found.message, "field": found.field}
        return Outcome({**head, "error": error}, is_well=False)
    return Outcome({**head, **found}, is_well="differs" not in found)
