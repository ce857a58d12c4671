"""What `banyan rules check` and `banyan rules test` find out, as values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import msgspec

from services.workbench.plan_checks import PlanFindings
from shared.rulekit.case_executors import all_executors
from shared.rulekit.cases import CaseResult, ScenarioCase, read_cases
from shared.rulekit.cases import run_cases as run_fact_cases
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.loading import load_rules
from shared.rulekit.model import RuleBook

ScenarioRunner = Callable[[Sequence[ScenarioCase], RuleBook], list[CaseResult]]

# Who judges the cases of a kind: the domain that decides by these rules at run time.
_RUNNERS = {
    "conflicts": "services.campaigns.application.conflict_cases",
    "contact_policy": "services.governance.application.policy_cases",
}


class RuleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a folder of rules can be used."""

    is_sound: bool
    rule_set: str | None
    counts: dict[str, int]
    """How many there are of each kind; empty when the rules cannot be read."""
    faults: list[RuleFault]


@dataclass(frozen=True, slots=True)
class CaseReport:
    """How the cases came out; `not_run` counts those of kinds that nobody here can judge."""

    results: list[CaseResult]
    not_run: dict[str, int]

    @property
    def failed(self) -> list[CaseResult]:
        """The results that are not as expected."""
        return [result for result in self.results if not result.ok]


def check_rules(folder: Path) -> RuleReport:
    """Read rules, cases, offerings and plans; return every mistake, or how many there are of each."""
    try:
        book = load_rules(folder)
        fact_cases, scenario_cases = read_cases(book, folder)
    except RuleFaults as faults:
        return RuleReport(is_sound=False, rule_set=None, counts={}, faults=list(faults.faults))
    beside = PlanFindings(folder, book)
    counts = {
        "facts": len(book.vocabulary.facts),
        "segments": len(book.segments),
        "eligibility": len(book.eligibility),
        "conflicts": len(book.conflicts),
        "contact_policy": len(book.contact_policies),
        "cases": len(fact_cases) + len(scenario_cases),
        "offerings": len(beside.offerings),
        "campaigns": len(beside.plans),
    }
    return RuleReport(is_sound=not beside.faults, rule_set=book.version, counts=counts, faults=sorted(beside.faults))


def run_cases(folder: Path) -> CaseReport:
    """Run every case: facts on the three executors, conflicts and policies in their domains; raises RuleFaults."""
    book = load_rules(folder)
    results = run_fact_cases(book, folder, all_executors(book))
    not_run: dict[str, int] = {}
    _, scenarios = read_cases(book, folder)
    for kind, module in _RUNNERS.items():
        cases = [case for case in scenarios if case.kind == kind]
        run = _runner(module)
        if run is not None:
            results += run(cases, book)
        elif cases:
            not_run[kind] = len(cases)
    return CaseReport(results, not_run)


def _runner(module: str) -> ScenarioRunner | None:
    try:
        runner: ScenarioRunner = import_module(module).run_cases
    except ModuleNotFoundError as missing:
        if missing.name != module:
            raise
        return None
    return runner
