"""What one run knows beforehand: live plans, the catalogue, the rules in force, the moment it acts at."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.campaigns.application.ports import Rules, RulesInForce
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.conflicts import ConflictBook
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE, Plan

_PLACE = re.compile(r"\{[a-z0-9_]+\}")


@dataclass(frozen=True, slots=True)
class Setting:
    """The frozen scene of one run; `moment` is the instant it acts at, whatever the machine's clock says."""

    moment: datetime
    plans: Mapping[str, Plan]
    catalogue: Mapping[str, Offering]
    rules: RulesInForce
    book: ConflictBook

    def causes(self) -> Mapping[str, Cause]:
        """Return what to say of each eligibility rule that does not hold."""
        return {rule_id: unmet(self.rules, rule_id) for rule_id in self.rules.eligibility}


def read_setting(store: Store, rules: Rules, moment: datetime) -> Setting:
    """Read what a run needs to know, in one transaction."""
    in_force = rules.current(day_of(moment, ZONE))
    with store.read() as tx:
        plans = {case.campaign_id: case.plan for case in tx.cases.live()}
        catalogue = tx.replicas.offerings()
    weights = {name: (plan.priority, frozenset(plan.similar_to)) for name, plan in plans.items()}
    return Setting(moment, plans, catalogue, in_force, ConflictBook(in_force.conflicts, catalogue, weights))


def unmet(rules: RulesInForce, rule_id: str) -> Cause:
    """Return the reason of a drop by an eligibility rule that does not hold, in words that fit every subscriber."""
    words = rules.eligibility[rule_id]
    zh, en = _PLACE.sub("…", words.because.zh), _PLACE.sub("…", words.because.en)
    return Cause(rule_id, words.version, f"不满足：{zh} / not met: {en}")
