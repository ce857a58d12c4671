"""Both versions of the rules as `plan` compares them: the book, the offerings and the campaigns of each."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TypeVar

import msgspec

from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan
from services.workbench.rule_check.plan_files import read_plan_files
from shared.kernel.faults import InvalidRequest
from shared.rulekit.faults import Findings, RuleFaults
from shared.rulekit.model import Condition, EligibilityRule, RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.rules import LEVELS

T = TypeVar("T")
_TOLD = 3
_ORDER = {level: place for place, level in enumerate(LEVELS)}  # what law and contract say is named first


@dataclass(frozen=True, eq=False)
class Side:
    """One version of the rules on the day of judgement."""

    book: RuleBook
    offerings: Mapping[str, Offering]
    plans: Mapping[str, Plan]
    on: date

    def granted_by(self, offering: str) -> list[str]:
        """Return the rules an offering asks for as campaigns judges it, by level, then in the offering's order.

        A bundle is judged by its own rules; its components count where offers conflict, not here.
        """
        named = self.offerings[offering].eligibility
        rules = self.book.eligibility
        return sorted(dict.fromkeys(named), key=lambda name: _ORDER[rules[name].level])

    def condition(self, rule: EligibilityRule) -> Condition | None:
        """Return a rule's condition; None while it is not in force."""
        return rule.when if rule.valid_for.covers(self.on) else None


class OtherRulesInvalid(InvalidRequest):
    """The version compared with cannot be read by this release."""

    code = "other_rules_invalid"


def read_other_side(folder: Path, on: date, label: str) -> Side:
    """Read the version compared with; raises OtherRulesInvalid with its first mistakes, named within the folder."""
    try:
        return read_side(folder, on)
    except RuleFaults as faulty:
        told = [str(fault).removeprefix(f"{folder}/") for fault in faulty.faults[:_TOLD]]
        message = f"the rules of {label} have {len(faulty.faults)} mistakes, so there is nothing to compare with: "
        raise OtherRulesInvalid(message + "; ".join(told), details={"field": "against"}) from faulty


def read_side(folder: Path, on: date) -> Side:
    """Read a folder of rules; raises RuleFaults with every mistake of its rules, offerings and campaigns."""
    book = load_rules(folder)
    findings = Findings()
    files = read_plan_files(folder, book, findings)
    for offering in files.offerings.values():
        for place, name in enumerate(offering.value.eligibility):
            if name not in book.eligibility:
                where = offering.place("eligibility", place)
                findings.unknown(where, "unknown_name", "eligibility rule", name, book.eligibility)
    findings.check()
    return Side(
        book,
        {name: _known(each.value, Offering) for name, each in files.offerings.items()},
        {name: _known(each.value, Plan) for name, each in files.plans.items()},
        on,
    )


def _known(told: object, kind: type[T]) -> T:
    """Return what is on the wire as campaigns' domain knows it."""
    return msgspec.convert(msgspec.to_builtins(told), kind)
