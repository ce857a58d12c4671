"""Who comes first when not everybody can be approached: priority times what an approach is expected to bring."""

from services.campaigns.domain.plan import Plan, Treatment

UNASSUMED = 0.1
"""The chance of acceptance where neither the plan's assumptions nor its goal of success say anything."""


def score_of(plan: Plan, treatment: Treatment) -> float:
    """Return priority x revenue in fen x chance of acceptance over all steps; deterministic, never negative."""
    chance = _chance(plan, treatment, 1) if treatment.steps else _chance_of_visitors(plan, treatment)
    return plan.priority * treatment.revenue_fen * chance


def _chance_of_visitors(plan: Plan, treatment: Treatment) -> float:
    """Return the best chance that somebody who comes by himself accepts."""
    assumed = [plan.propensity(channel, treatment.offering) for channel in plan.inbound]
    return max((each.get("accepted", UNASSUMED) for each in assumed), default=UNASSUMED)


def _chance(plan: Plan, treatment: Treatment, number: int) -> float:
    """Return the chance that the treatment is accepted at this step or at one that follows it."""
    step = treatment.step(number)
    if step is None:
        return 0.0
    assumed = plan.propensity(step.channel, treatment.offering)
    if not assumed:
        goal = next((each.target for each in plan.goals if each.kpi == "success_rate"), UNASSUMED)
        return min(goal, 1.0)
    after = treatment.step(number + 1)
    goes_on = sum(assumed.get(outcome, 0.0) for outcome in after.when) if after else 0.0
    by_silence = 0.0
    if treatment.consent == "silence" and not (after and "delivered" in after.when):
        by_silence = assumed.get("delivered", 0.0)
    return assumed.get("accepted", 0.0) + by_silence + goes_on * _chance(plan, treatment, number + 1)
