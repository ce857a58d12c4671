"""One visitor judged up to the contact limits: eligibility, conflicts, rank; nothing is read or stored."""

from collections.abc import Mapping
from dataclasses import replace

from services.campaigns.application.setting import Setting, by_level
from services.campaigns.domain.advice import Shortlist, Visit, advisable, rules_of, shortlist
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE
from shared.rulekit.facts import Facts


def judge_visit(visit: Visit, facts: Facts, setting: Setting, key: str) -> tuple[Shortlist, Mapping[str, Cause]]:
    """Return what the visitor may be offered, and the rules nobody could be sure of, with what to say of each.

    Rules that are not met stand in order of level. The same visit, facts and setting give the same answer at any time.
    """
    open_places = advisable(visit.places, setting.plans, visit.channel)
    wanted = rules_of(open_places, setting.plans, setting.catalogue)
    eligible = setting.rules.eligible(wanted, facts, day_of(setting.moment, ZONE), key)
    found = shortlist(visit, setting.assortment, eligible.holds, setting.moment)
    unmet = [replace(one, failed=tuple(by_level(setting.rules, one.failed))) for one in found.unmet]
    return replace(found, unmet=unmet), eligible.doubts
