"""Checks of what stands beside the rules: offerings and campaign plans, and the names they use of one another."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec
import yaml

from shared.contracts.catalogue import Offering
from shared.contracts.plan import Plan
from shared.rulekit.conditions import read_condition
from shared.rulekit.facts import nearest
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.model import ConflictRule, Exclusive, Members, Requires, RuleBook, Supersedes

T = TypeVar("T")


class PlanFindings:
    """The offerings and plans of a rules folder that can be read, and what is wrong with any of them."""

    def __init__(self, folder: Path, book: RuleBook) -> None:
        self.faults: list[RuleFault] = []
        self._book = book
        self.offerings: dict[str, Offering] = {}
        self.plans: dict[str, Plan] = {}
        for path in sorted((folder / "catalogue").glob("*.yaml")):
            for offering in self._read(path, list[Offering]) or []:
                self._check_offering(path, offering)
        self._check_components(folder / "catalogue")
        for path in sorted((folder / "campaigns").glob("*/plan.yaml")):
            plan = self._read(path, Plan)
            if plan is not None:
                self._check_plan(path, plan)
        for rule_id, rule in book.conflicts.items():
            self._check_conflict(folder / "conflicts" / rule_id / "rule.yaml", rule)

    def _read(self, path: Path, kind: type[T]) -> T | None:
        try:
            return msgspec.convert(yaml.safe_load(path.read_text("utf-8")), kind)
        except yaml.MarkedYAMLError as fault:
            mark = fault.problem_mark
            line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
            self.faults.append(RuleFault(str(path), line, column, "bad_yaml", str(fault.problem)))
        except (msgspec.ValidationError, UnicodeDecodeError) as fault:
            self.faults.append(RuleFault(str(path), 0, 0, "invalid_file", str(fault)))
        return None

    def _check_offering(self, path: Path, offering: Offering) -> None:
        if offering.offering_id in self.offerings:
            self._add(path, "duplicate_offering", f"offering {offering.offering_id!r} is there twice")
        self.offerings[offering.offering_id] = offering
        self._known(path, "eligibility rule", offering.eligibility, self._book.eligibility)

    def _check_components(self, folder: Path) -> None:
        for offering in self.offerings.values():
            self._known(folder, f"component of {offering.offering_id}", offering.components, self.offerings)

    def _check_plan(self, path: Path, plan: Plan) -> None:
        self.plans[plan.campaign] = plan
        if plan.campaign != path.parent.name:
            self._add(path, "id_differs", f"campaign {plan.campaign!r} lies in the folder {path.parent.name!r}")
        self._known(path, "segment", (phase.segment for phase in plan.phases if phase.segment), self._book.segments)
        self._known(path, "offering", (one.offering for one in plan.treatments), self.offerings)
        for phase in plan.phases:
            if phase.rule is not None:
                self._check_inline(path, phase.phase, phase.rule)

    def _check_inline(self, path: Path, phase: str, rule: Mapping[str, Any]) -> None:
        try:
            # YAML's dates become text, as they do on the wire.
            read_condition(msgspec.to_builtins(rule), self._book.vocabulary, segments=self._book.segments)
        except RuleFaults as faults:
            self.faults += [
                RuleFault(
                    str(path), 0, 0, fault.code, f"phase {phase}: {fault.path}: {fault.message}", fault.suggestion
                )
                for fault in faults.faults
            ]

    def _check_conflict(self, path: Path, rule: ConflictRule) -> None:
        categories = {offering.category for offering in self.offerings.values()}
        for members in _members_of(rule):
            self._known(path, "offering", sorted(members.offerings), self.offerings)
            self._known(path, "campaign", sorted(members.campaigns), self.plans)
            self._known(path, "category", sorted(members.categories), categories)

    def _known(self, path: Path, what: str, names: Iterable[str], known: Collection[str]) -> None:
        for name in dict.fromkeys(names):
            if name not in known:
                message = f"there is no {what} {name!r}"
                self.faults.append(RuleFault(str(path), 0, 0, "unknown_name", message, nearest(name, known)))

    def _add(self, path: Path, code: str, message: str) -> None:
        self.faults.append(RuleFault(str(path), 0, 0, code, message))


def _members_of(rule: ConflictRule) -> Iterator[Members]:
    match rule:
        case Exclusive():
            yield rule.members
        case Requires():
            yield Members(offerings=frozenset({rule.offering}))
        case Supersedes():
            yield rule.winner
            yield rule.loser
