"""What `banyan rules check` and `banyan rules test` find out, as values."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec

from services.governance.application import policy_cases
from services.workbench import conflict_cases
from services.workbench.plan_checks import PlanFindings
from shared.rulekit.case_executors import all_executors
from shared.rulekit.cases import ScenarioCase, read_cases
from shared.rulekit.cases import run_cases as run_fact_cases
from shared.rulekit.faults import Place, RuleFault, RuleFaults
from shared.rulekit.loading import load_rules
from shared.rulekit.model import RuleBook


class Judged(Protocol):
    """How one case came out on one executor; see `shared.rulekit.cases.CaseResult`."""

    @property
    def rule_id(self) -> str: ...  # noqa: D102 - see the class
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def executor(self) -> str: ...  # noqa: D102
    @property
    def ok(self) -> bool: ...  # noqa: D102
    @property
    def message(self) -> str: ...  # noqa: D102
    @property
    def place(self) -> Place: ...  # noqa: D102


ScenarioRunner = Callable[[Sequence[ScenarioCase], RuleBook], Sequence[Judged]]

# Who judges the cases of a kind: the domain that decides by these rules at run time.
_RUNNERS: Mapping[str, ScenarioRunner] = {
    "conflicts": conflict_cases.run_cases,
    "contact_policy": policy_cases.run_cases,
}


class RuleReport(msgspec.Struct, frozen=True, kw_only=True):
    """Whether a folder of rules can be used."""

    is_sound: bool
    rule_set: str | None
    counts: dict[str, int]
    """How many there are of each kind; empty when the rules cannot be read."""
    faults: list[RuleFault]


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


def run_cases(folder: Path) -> list[Judged]:
    """Run every case: facts on the three executors, conflicts and policies in their domains; raises RuleFaults."""
    book = load_rules(folder)
    _, scenarios = read_cases(book, folder)
    results: list[Judged] = [*run_fact_cases(book, folder, all_executors(book))]
    for kind, run in _RUNNERS.items():
        results += run([case for case in scenarios if case.kind == kind], book)
    return results
