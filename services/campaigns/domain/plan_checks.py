"""What must be true of a plan beyond its shape."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Phase, Plan, Treatment

VISITED = frozenset({"hall", "hotline", "web"})
"""Where the subscriber chooses the moment: only asking at that moment (`recommend`) can keep every limit exactly."""

_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class PlanFault:
    """One mistake in a plan; `field` is its path."""

    code: str
    field: str
    message: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the plan may refer to; `rule_faults` says what is wrong with each phase's inline rule."""

    offerings: Mapping[str, Offering]
    segments: frozenset[str]
    eligibility: frozenset[str]
    rule_faults: Mapping[str, Sequence[str]]
    triggers: frozenset[str] = frozenset()


def check_plan(plan: Plan, known: Known) -> list[PlanFault]:
    """Return every mistake, in the order of the plan."""
    return [
        *_unique("phases", [each.phase for each in plan.phases], "phase"),
        *_unique("cells", [each.cell for each in plan.cells], "cell"),
        *_unique("treatments", [each.treatment for each in plan.treatments], "treatment"),
        *_unique("approvals", list(plan.approvals), ""),
        *_zone(plan),
        *_cells(plan),
        *_unreachable(plan),
        *(fault for n, each in enumerate(plan.phases) for fault in _phase(f"phases[{n}]", each, known)),
        *(fault for n, each in enumerate(plan.treatments) for fault in _treatment(f"treatments[{n}]", each, known)),
    ]


def _unique(field: str, names: Sequence[str], part: str) -> Iterator[PlanFault]:
    for number, name in enumerate(names):
        if name in names[:number]:
            place = f"{field}[{number}].{part}" if part else f"{field}[{number}]"
            yield PlanFault("invalid_plan", place, f"{name!r} is there twice")


def _zone(plan: Plan) -> Iterator[PlanFault]:
    try:
        ZoneInfo(plan.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        yield PlanFault("invalid_plan", "zone", f"{plan.zone!r} is no time zone")


def _unreachable(plan: Plan) -> Iterator[PlanFault]:
    for number, treatment in enumerate(plan.treatments):
        if not treatment.steps and not plan.inbound:
            message = "a treatment without steps reaches nobody unless the plan names `inbound` channels"
            yield PlanFault("invalid_plan", f"treatments[{number}].steps", message)


def _cells(plan: Plan) -> Iterator[PlanFault]:
    total = sum(each.share for each in plan.cells)
    if abs(total - 1) > _TOLERANCE:
        yield PlanFault("invalid_plan", "cells", f"the shares add up to {total:g}, not to 1")
    if plan.control not in {each.cell for each in plan.cells}:
        yield PlanFault("invalid_plan", "control", f"there is no cell {plan.control!r}")
    for number, cell in enumerate(plan.cells):
        field = f"cells[{number}].treatments"
        if cell.cell == plan.control and cell.treatments:
            yield PlanFault("invalid_plan", field, "the control cell is never contacted: it has no treatments")
        if cell.cell != plan.control and not cell.treatments:
            yield PlanFault("invalid_plan", field, "only the control cell goes without treatments")
        for position, name in enumerate(cell.treatments):
            if name not in plan.by_treatment:
                yield PlanFault("invalid_plan", f"{field}[{position}]", f"there is no treatment {name!r}")


def _phase(field: str, phase: Phase, known: Known) -> Iterator[PlanFault]:
    if phase.ends_on < phase.starts_on:
        yield PlanFault("invalid_plan", f"{field}.ends_on", "the phase ends before it starts")
    if [phase.segment, phase.rule, phase.trigger].count(None) != 2:  # noqa: PLR2004 - of three
        message = "an audience is given by `segment`, `rule` or `trigger`: exactly one of them"
        yield PlanFault("invalid_plan", field, message)
    if phase.segment is not None and phase.segment not in known.segments:
        yield PlanFault("unknown_segment", f"{field}.segment", f"there is no segment {phase.segment!r}")
    if phase.trigger is not None and phase.trigger not in known.triggers:
        yield PlanFault("unknown_trigger", f"{field}.trigger", f"there is no trigger {phase.trigger!r}")
    for message in known.rule_faults.get(phase.phase, ()):
        yield PlanFault("invalid_rule", f"{field}.rule", message)


def _treatment(field: str, treatment: Treatment, known: Known) -> Iterator[PlanFault]:
    offering = known.offerings.get(treatment.offering)
    if offering is None:
        message = f"the catalogue has no offering {treatment.offering!r}"
        yield PlanFault("unknown_offering", f"{field}.offering", message)
    for rule_id in offering.eligibility if offering else ():
        if rule_id not in known.eligibility:
            message = f"offering {treatment.offering!r} names the eligibility rule {rule_id!r}, which does not exist"
            yield PlanFault("unknown_rule", f"{field}.offering", message)
    for number, step in enumerate(treatment.steps):
        if step.channel in VISITED:
            message = f"subscribers come to {step.channel!r} when they like: offer there with `inbound`, without a step"
            yield PlanFault("visited_channel", f"{field}.steps[{number}].channel", message)
        if number == 0 and step.when:
            yield PlanFault("invalid_plan", f"{field}.steps[0].when", "the first step follows no outcome")
        if number > 0 and not step.when:
            place = f"{field}.steps[{number}].when"
            yield PlanFault("invalid_plan", place, "a later step says after which outcomes it follows")
