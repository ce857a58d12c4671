"""What `banyan rules test` finds out: how every case comes out on every executor, and what the cases have covered."""

from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TypeVar

import msgspec
import sqlalchemy as sa

from services.governance.application import policy_cases
from services.workbench.rule_selection import RuleSelection
from services.workbench.rule_test import conflict_cases
from shared.rulekit.cases.coverage import Covered, answer_coverage, event_coverage, leaf_coverage, share_of
from shared.rulekit.cases.event_cases import run_ranking_cases, run_trigger_cases, trigger_judges
from shared.rulekit.cases.executors import all_executors
from shared.rulekit.cases.fact_cases import run_fact_cases
from shared.rulekit.cases.model import (
    Case,
    CaseResult,
    ConflictCase,
    FactCase,
    PolicyCase,
    RankingCase,
    TriggerCase,
)
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

_CaseT = TypeVar("_CaseT", bound=Case)


class CaseReport(msgspec.Struct, frozen=True, kw_only=True):
    """How the cases came out, and their coverage: for each leaf and answer whether it was seen true and false."""

    rule_set: str
    cases: int
    results: list[CaseResult]
    coverage: list[Covered]
    share: float
    """Of the truths that can be seen, those that were: between 0 and 1."""

    @property
    def failed(self) -> list[CaseResult]:
        """The results that are not as expected."""
        return [result for result in self.results if not result.ok]

    @property
    def uncovered(self) -> list[Covered]:
        """What no case has seen true, or none false."""
        return [one for one in self.coverage if not one.is_full]


Progress = Callable[[int, int], None]
"""Hears how many cases have been begun, of how many."""


def _ignore(begun: int, of: int) -> None:
    """Tell nobody."""


def run_cases(selection: RuleSelection, engine: sa.Engine | None = None, progress: Progress = _ignore) -> CaseReport:
    """Run the cases of the rules selected, each kind by what decides at run time.

    SQL runs on the engine, or on a private SQLite. Raises RuleFaults when rules or cases cannot be read.
    """
    book = load_rules(selection.folder)
    facts, scenarios = read_cases(book, selection.folder)
    chosen: list[Case] = [case for case in (*facts, *scenarios) if selection.has(case.kind, case.rule_id)]
    results = _run(chosen, book, engine, progress)
    judged = [case for case in chosen if isinstance(case, (FactCase, TriggerCase))]
    triggers = [case for case in chosen if isinstance(case, TriggerCase)]
    coverage = [
        *leaf_coverage(judged, book, selection.folder),
        *event_coverage(triggers, book, selection.folder),
        *answer_coverage(results, selection.folder),
    ]
    return CaseReport(
        rule_set=book.version, cases=len(chosen), results=results, coverage=coverage, share=share_of(coverage)
    )


def _run(cases: Sequence[Case], book: RuleBook, engine: sa.Engine | None, progress: Progress) -> list[CaseResult]:
    begun = count(1)

    def of(kind: type[_CaseT]) -> Iterator[_CaseT]:
        for case in cases:
            if isinstance(case, kind):
                progress(next(begun), len(cases))
                yield case

    has_facts = any(isinstance(case, FactCase) for case in cases)
    has_triggers = any(isinstance(case, TriggerCase) for case in cases)
    return [
        *(run_fact_cases(of(FactCase), book, all_executors(book, engine)) if has_facts else ()),
        *conflict_cases.run_cases(of(ConflictCase), book),
        *policy_cases.run_cases(of(PolicyCase), book),
        *(run_trigger_cases(of(TriggerCase), book, trigger_judges(book)) if has_triggers else ()),
        *run_ranking_cases(of(RankingCase), book),
    ]
