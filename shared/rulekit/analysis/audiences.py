"""Campaigns whose audience can never be eligible for what they offer it."""

from collections.abc import Iterator, Mapping

import msgspec

from shared.contracts.plan import Phase, Plan
from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.formula_tree import Every, Formula
from shared.rulekit.analysis.solving import TooLarge
from shared.rulekit.analysis.subject import Sourced, Subject
from shared.rulekit.faults import RuleFaults
from shared.rulekit.model import InSegment
from shared.rulekit.reading.conditions import read_condition


def check_audiences(subject: Subject) -> Iterator[Finding]:
    """Look at each phase's audience with each treatment's offering. Codes: audience_never_eligible, empty_audience."""
    for sourced in subject.plans.values():
        try:
            yield from _of_plan(sourced, subject)
        except TooLarge:
            zh, en = "目标客户条件过于复杂，未作静态分析", "its audience is too large a condition to be analysed"
            yield Finding(sourced.place("phases"), "not_analysed", Text(zh, en))


def _of_plan(sourced: Sourced[Plan], subject: Subject) -> Iterator[Finding]:
    audiences: Mapping[int, Formula | None] = {
        at: _audience(phase, subject) for at, phase in enumerate(sourced.value.phases)
    }
    possible: list[Formula] = []
    for at, audience in audiences.items():
        if audience is not None and not subject.solver.is_possible(audience):
            zh, en = "没有客户会属于这个阶段的目标客户", "nobody can ever be in the audience of this phase"
            yield Finding(sourced.place("phases", at), "empty_audience", Text(zh, en))
        elif audience is not None:
            possible.append(audience)
    for at, treatment in enumerate(sourced.value.treatments):
        offering = subject.offerings.get(treatment.offering)
        if offering is None or not possible:
            continue
        wanted = [subject.translator.is_true(one) for one in subject.condition_of(offering.value)]
        if not subject.solver.is_possible(*wanted):
            continue  # told where the offering stands
        if not any(subject.solver.is_possible(audience, *wanted) for audience in possible):
            zh = f"各阶段的目标客户都不可能符合 {treatment.offering} 的适用条件"
            en = f"no subscriber of any phase can be eligible for {treatment.offering}"
            hint = Text("换目标客户，或换产品", "choose another audience or another offering")
            yield Finding(sourced.place("treatments", at, "offering"), "audience_never_eligible", Text(zh, en), hint)


def _audience(phase: Phase, subject: Subject) -> Formula | None:
    if phase.segment is not None and ("segments", phase.segment) in subject.nodes:
        return subject.translator.is_true(InSegment(phase.segment))
    if phase.trigger is not None and ("triggers", phase.trigger) in subject.nodes:
        when = subject.book.triggers[phase.trigger].when
        return Every(()) if when is None else subject.translator.is_true(when)
    if phase.rule is not None:
        try:
            return subject.translator.is_true(
                read_condition(
                    msgspec.to_builtins(phase.rule),
                    subject.book.vocabulary,
                    segments=subject.book.segments,
                    holder="customer_view",
                )
            )
        except RuleFaults:
            return None  # told where the rule stands
    return None
