"""Offerings and campaign plans: each file's own mistakes; the names they use are `known_names`' concern."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec

from services.campaigns.domain.offering import Offering as KnownOffering
from services.campaigns.domain.plan import Plan as DomainPlan
from services.campaigns.domain.plan_checks import Known, check_plan
from services.workbench.rule_check.typed_files import read_items, read_typed, way_of
from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.rulekit.analysis.subject import Sourced
from shared.rulekit.faults import Findings
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.conditions import ConditionReader
from shared.rulekit.reading.tree import Entries, Items

_OF_NAMES = {
    "unknown_segment",
    "unknown_offering",
    "unknown_rule",
    "unknown_trigger",
}  # told by known_names, with the nearest name


@dataclass(frozen=True, slots=True)
class PlanFiles:
    """What can be read of a folder's catalogue and campaigns, by id."""

    offerings: Mapping[str, Sourced[Offering]]
    plans: Mapping[str, Sourced[Plan]]


def read_plan_files(folder: Path, book: RuleBook | None, findings: Findings) -> PlanFiles:
    """Read catalogue and plans, noting every mistake; without a book the plans' inline rules are not looked at.

    Codes: duplicate_offering, id_differs, invalid_plan, visited_channel, those of `typed` and of conditions.
    """
    offerings: dict[str, Sourced[Offering]] = {}
    for path in sorted((folder / "catalogue").glob("*.yaml")):
        for offering in read_items(path, Offering, findings):
            name = offering.value.offering_id
            if name in offerings:
                first = offerings[name].place("offering_id")
                message = f"offering {name!r} is already there, in {first.path} on line {first.line}"
                findings.add(offering.place("offering_id"), "duplicate_offering", message)
            else:
                offerings[name] = offering
    plans: dict[str, Sourced[Plan]] = {}
    for path in sorted((folder / "campaigns").glob("*/plan.yaml")):
        plan = read_typed(path, Plan, findings)
        if plan is not None:
            _check_plan(plan, path.parent.name, book, findings)
            plans[plan.value.campaign] = plan
    return PlanFiles(offerings, plans)


def _check_plan(plan: Sourced[Plan], folder: str, book: RuleBook | None, findings: Findings) -> None:
    if plan.value.campaign != folder:
        message = f"campaign {plan.value.campaign!r} lies in the folder {folder!r}"
        findings.add(plan.place("campaign"), "id_differs", message, folder)
    if book is not None:
        _check_rules(plan, book, findings)
    as_domain = msgspec.convert(msgspec.to_builtins(plan.value), DomainPlan)
    known: dict[str, KnownOffering] = {}
    for fault in check_plan(as_domain, Known(known, frozenset(), frozenset(), {})):
        if fault.code not in _OF_NAMES:
            findings.add(plan.place(*way_of(fault.field)), fault.code, fault.message)


def _check_rules(plan: Sourced[Plan], book: RuleBook, findings: Findings) -> None:
    """Read each phase's inline rule as it stands in the file, so that its mistakes have their places."""
    phases = plan.node.get("phases") if isinstance(plan.node, Entries) else None
    for phase in phases.items if isinstance(phases, Items) else ():
        rule = phase.get("rule") if isinstance(phase, Entries) else None
        if rule is not None:
            reader = ConditionReader(book.vocabulary, findings)
            reader.read(rule)
            reader.check_segments(book.segments)
            reader.check_held("customer_view")  # which selects the audience
