"""The cases of contact policies as they stand in a folder of rules."""

from pathlib import Path

from services.governance.application.policy_cases import PolicyCaseResult, run_cases
from shared.rulekit.cases import read_cases
from shared.rulekit.model import RuleBook


def run_policy_cases(book: RuleBook, folder: Path) -> list[PolicyCaseResult]:
    """Return how each case under `contact_policy/` comes out; raises RuleFaults when cases cannot be read."""
    _, scenarios = read_cases(book, folder)
    return run_cases([case for case in scenarios if case.kind == "contact_policy"], book)
