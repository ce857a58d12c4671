"""How many contacts each campaign may plan in each channel on the day at hand."""

from services.campaigns.application.setting import Setting
from services.campaigns.application.store_ports import Transaction
from services.campaigns.domain.pacing import Allotment, hours_of

_UNBOUNDED = 1_000_000_000  # a plan without a pace asks for as many as there are


def allot(tx: Transaction, setting: Setting) -> list[Allotment]:
    """Return this run's allotments, granting what is not granted yet: a resumed run finds what it was granted."""
    granted = {(each.campaign_id, each.channel): each for each in tx.allotments.of_run(setting.moment)}
    used, _ = tx.allotments.used(sorted(setting.plans))
    fresh = []
    for campaign_id, plan in sorted(setting.plans.items()):
        day, opens_at, closes_at = hours_of(setting.moment, plan.zone)
        for channel in sorted({step.channel for each in plan.treatments for step in each.steps}):
            left = plan.pace.get(channel, _UNBOUNDED) - used.get((campaign_id, channel, day), 0)
            if (campaign_id, channel) in granted or left <= 0:
                continue
            total = tx.candidates.count_ready(campaign_id, channel, setting.moment, closes_at, left)
            if total:
                fresh.append(Allotment(campaign_id, channel, day, setting.moment, opens_at, closes_at, total))
    tx.allotments.grant(fresh)
    return sorted([*granted.values(), *fresh], key=lambda each: (each.campaign_id, each.channel))
