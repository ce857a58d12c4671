"""All validators in one."""

from collections.abc import Callable, Iterator

from shared.rulekit.analysis.audiences import check_audiences
from shared.rulekit.analysis.caps import check_caps
from shared.rulekit.analysis.classes import check_classes
from shared.rulekit.analysis.conditions import check_conditions
from shared.rulekit.analysis.conflict_chains import check_conflict_chains
from shared.rulekit.analysis.conflict_groups import check_conflict_groups
from shared.rulekit.analysis.eligibility import check_eligibility
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.implied_policies import check_implied_policies
from shared.rulekit.analysis.patterns import check_patterns
from shared.rulekit.analysis.quiet_spans import check_quiet_spans
from shared.rulekit.analysis.ranking_order import check_ranking_order
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.analysis.usage import check_usage
from shared.rulekit.analysis.validity import check_validity

Validator = Callable[[Subject], Iterator[Finding]]

VALIDATORS: tuple[Validator, ...] = (
    check_conditions,
    check_patterns,
    check_classes,
    check_eligibility,
    check_audiences,
    check_caps,
    check_implied_policies,
    check_quiet_spans,
    check_conflict_groups,
    check_conflict_chains,
    check_ranking_order,
    check_usage,
    check_validity,
)


def analyse(subject: Subject) -> list[Finding]:
    """Return what all validators find, in the order of files and lines."""
    found = [finding for validator in VALIDATORS for finding in validator(subject)]
    return sorted(found, key=lambda one: (one.place.path, one.place.line, one.place.column, one.code))
