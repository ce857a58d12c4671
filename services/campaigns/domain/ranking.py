"""Who comes first when not everybody can be approached: value times propensity times priority, within bounds."""

from dataclasses import dataclass

from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.members import Members
from services.campaigns.domain.offering import Reach
from services.campaigns.domain.plan import Plan, Treatment
from shared.kernel.text import Text

UNASSUMED = 0.1
"""The chance of acceptance where no rule, nor the plan's assumptions, nor its goal of success say anything."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The span a figure is kept in."""

    at_least: float
    at_most: float

    def clamp(self, figure: float) -> float:
        """Return the figure, or the end of the span it lies beyond."""
        return min(max(figure, self.at_least), self.at_most)


@dataclass(frozen=True, slots=True)
class RankingRule:
    """How offers are ranked; of the rules that cover one the lowest `order` counts. Value in fen."""

    rule_id: str
    rule_version: str
    because: Text
    members: Members
    order: int
    value: Bounds
    propensity: Bounds
    otherwise: float
    """The chance of acceptance where nobody assumes one."""
    priority: Bounds

    def covers(self, campaign_id: str, reach: Reach) -> bool:
        """Say whether the rule ranks a campaign's offering; one without members ranks every one."""
        return self.members.is_empty or self.members.has(campaign_id, reach)

    @property
    def cause(self) -> Cause:
        """The reason an offer carries for its place among the others."""
        return Cause(self.rule_id, self.rule_version, f"{self.because.zh} / {self.because.en}")


def score_of(plan: Plan, treatment: Treatment, rule: RankingRule | None = None) -> float:
    """Return value x chance of acceptance over all steps x priority, each within the rule's bounds; never negative.

    Value is the treatment's revenue in fen. Without a rule nothing is bounded.
    """
    otherwise = rule.otherwise if rule else UNASSUMED
    chance = _chance(plan, treatment, 1, otherwise) if treatment.steps else _of_visitors(plan, treatment, otherwise)
    if rule is None:
        return plan.priority * treatment.revenue_fen * chance
    return rule.priority.clamp(plan.priority) * rule.value.clamp(treatment.revenue_fen) * rule.propensity.clamp(chance)


def _of_visitors(plan: Plan, treatment: Treatment, otherwise: float) -> float:
    """Return the best chance that somebody who comes by himself accepts."""
    assumed = [plan.propensity(channel, treatment.offering) for channel in plan.inbound]
    return max((each.get("accepted", otherwise) for each in assumed), default=otherwise)


def _chance(plan: Plan, treatment: Treatment, number: int, otherwise: float) -> float:
    """Return the chance that the treatment is accepted at this step or at one that follows it."""
    step = treatment.step(number)
    if step is None:
        return 0.0
    assumed = plan.propensity(step.channel, treatment.offering)
    if not assumed:
        goal = next((each.target for each in plan.goals if each.kpi == "success_rate"), otherwise)
        return min(goal, 1.0)
    after = treatment.step(number + 1)
    goes_on = sum(assumed.get(outcome, 0.0) for outcome in after.when) if after else 0.0
    by_silence = 0.0
    if treatment.consent == "silence" and not (after and "delivered" in after.when):
        by_silence = assumed.get("delivered", 0.0)
    return assumed.get("accepted", 0.0) + by_silence + goes_on * _chance(plan, treatment, number + 1, otherwise)
