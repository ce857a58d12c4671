"""One subscriber's place in one phase: cell, then the first treatment of the cell the subscriber is eligible for."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.campaigns.domain.candidate import CandidateState, Cause, Membership, Stage
from services.campaigns.domain.cells import Assignment, Draw
from services.campaigns.domain.conflicts import ConflictBook, Profile
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan, Treatment
from services.campaigns.domain.ranking import score_of

_NOT_KNOWN = Cause("campaign:unknown-offering", "1", "产品目录中没有该产品 / the catalogue no longer has the offering")


@dataclass(frozen=True, slots=True)
class Unmet:
    """What to say of an eligibility rule that does not hold; lower levels are told first."""

    level: int
    cause: Cause


def _gone(rule_id: str) -> Unmet:
    """Return what to say of a rule that is no more: the audience was frozen while it was, and it did not hold."""
    return Unmet(0, Cause(rule_id, "", "规则已不存在，不予推荐 / the rule no longer exists: no offer"))


@dataclass(frozen=True, slots=True)
class Option:
    """A treatment as the judge needs it; an offering the catalogue does not know has no profile and is never made."""

    treatment: Treatment
    eligibility: frozenset[str]
    score: float
    due_at: datetime
    profile: Profile | None


class PhaseJudge:
    """Judges the members of one phase; everything that is the same for all of them is worked out once."""

    def __init__(
        self,
        plan: Plan,
        phase: str,
        *,
        catalogue: Mapping[str, Offering],
        book: ConflictBook,
        causes: Mapping[str, Unmet],
        moment: datetime | None = None,
    ) -> None:
        """`causes`: what to say of each eligibility rule that does not hold.

        `moment`: when subscribers join a phase by trigger; None: when it starts.
        """
        self.plan = plan
        self._phase = phase
        self._causes = causes
        self._converts = frozenset(plan.converts)
        self._assignment = Assignment(plan.campaign, phase, plan.cells)
        self._draw = Draw("rank", plan.campaign, phase)
        spec = plan.by_phase[phase]
        starts_at = plan.starts_at(spec) if spec.trigger is None or moment is None else moment
        self._options = {
            cell.cell: [_option(plan, plan.by_treatment[name], starts_at, catalogue, book) for name in cell.treatments]
            for cell in plan.cells
        }

    def judge(
        self, customer_id: str, failed: Collection[str], products: Collection[str], city: str | None
    ) -> tuple[Membership, Option | None]:
        """Return the member's place, and the treatment it may get if it is not control and eligible."""
        cell = self._assignment.cell_of(customer_id)
        held = not self._converts.isdisjoint(products)
        place = Membership(
            customer_id, self.plan.campaign, self._phase, cell.cell, self._draw.number(customer_id), held, city
        )
        if cell.cell == self.plan.control:
            place.state = CandidateState.CONTROL
            return place, None
        options = self._options[cell.cell]
        for option in options:
            if option.profile is not None and (not failed or option.eligibility.isdisjoint(failed)):
                place.treatment = option.treatment.treatment
                place.offering_id = option.treatment.offering
                first = option.treatment.step(1)
                place.channel = first.channel if first else None
                place.score = option.score
                place.due_at = option.due_at
                return place, option
        place.drop(Stage.ELIGIBLE, self._failures(options, failed))
        return place, None

    def _failures(self, options: Collection[Option], failed: Collection[str]) -> tuple[Cause, ...]:
        named = dict.fromkeys(rule for option in options for rule in sorted(option.eligibility) if rule in failed)
        told = sorted((self._causes.get(rule) or _gone(rule) for rule in named), key=lambda unmet: unmet.level)
        return tuple(unmet.cause for unmet in told) or (_NOT_KNOWN,)


def _option(
    plan: Plan, treatment: Treatment, starts_at: datetime, catalogue: Mapping[str, Offering], book: ConflictBook
) -> Option:
    offering = catalogue.get(treatment.offering)
    profile = book.profile(plan.campaign, treatment.offering) if offering else None
    first = treatment.step(1)
    return Option(
        treatment,
        frozenset(offering.eligibility) if offering else frozenset(),
        score_of(plan, treatment, profile.ranked_by if profile else None),
        starts_at + timedelta(hours=first.after_hours if first else 0),
        profile,
    )
