"""What `banyan rules check` finds out, as values."""

from pathlib import Path

import msgspec

from services.workbench.plan_checks import PlanFindings
from shared.rulekit.cases import read_cases
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.loading import load_rules


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
