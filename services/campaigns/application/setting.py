"""What one run knows beforehand: live plans, the catalogue, the rules in force, the moment it acts at."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from services.campaigns.application.ports import Rules, RulesInForce
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.advice import Assortment
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.conflicts import ConflictBook
from services.campaigns.domain.judgement import Unmet
from services.campaigns.domain.likeness import similar_campaigns
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.pacing import day_of
from services.campaigns.domain.plan import ZONE, Plan
from shared.kernel.text import Text
from shared.rulekit.rules import LEVELS, Level

_PLACE = re.compile(r"\{[a-z0-9_]+\}")
_LINGERS = timedelta(days=3)  # a campaign's last contacts, planned a day ahead, may be made until two days later
_ORDER: Mapping[str, int] = {level: place for place, level in enumerate(LEVELS)}


@dataclass(frozen=True, slots=True)
class Setting:
    """The frozen scene of one run; `moment` is the instant it acts at, whatever the machine's clock says."""

    moment: datetime
    plans: Mapping[str, Plan]
    catalogue: Mapping[str, Offering]
    rules: RulesInForce
    book: ConflictBook
    similar: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """By campaign, those it is like, whichever of the two plans says so: what governance is told with a request."""

    @property
    def assortment(self) -> Assortment:
        """What may be offered at all."""
        return Assortment(self.plans, self.catalogue, self.book)

    def causes(self) -> Mapping[str, Unmet]:
        """Return what to say of each eligibility rule that does not hold, and in which order."""
        return {
            rule_id: Unmet(_ORDER[words.level], _unmet(self.rules, rule_id))
            for rule_id, words in self.rules.eligibility.items()
        }


def read_setting(store: Store, rules: Rules, moment: datetime) -> Setting:
    """Read what a run needs to know, in one transaction."""
    in_force = rules.current(day_of(moment, ZONE))
    span = in_force.similar_span
    with store.read() as tx:
        plans = {case.campaign_id: case.plan for case in tx.cases.live()}
        catalogue = tx.replicas.offerings()
        resting = tx.cases.resting(moment - span - _LINGERS) if span else {}
    similar = similar_campaigns({**resting, **{name: plan.similar_to for name, plan in plans.items()}}) if span else {}
    return Setting(moment, plans, catalogue, in_force, conflict_book(in_force, plans, catalogue), similar)


def conflict_book(rules: RulesInForce, plans: Mapping[str, Plan], catalogue: Mapping[str, Offering]) -> ConflictBook:
    """Return the conflict and ranking rules in force, bound to live plans and the catalogue."""
    weights = {name: (plan.priority, frozenset(plan.similar_to)) for name, plan in plans.items()}
    return ConflictBook(rules.conflicts, catalogue, weights, rules.ranking)


def by_level(rules: RulesInForce, rule_ids: Iterable[str]) -> list[str]:
    """Return eligibility rules in the order they are told: what the law says, then what makes sense, then what fits."""
    return sorted(rule_ids, key=lambda rule_id: _ORDER[level_of(rules, rule_id)])


def level_of(rules: RulesInForce, rule_id: str) -> Level:
    """Return the level of an eligibility rule; one that is gone forbids like the law."""
    words = rules.eligibility.get(rule_id)
    return words.level if words else "eligibility"


def not_met(rules: RulesInForce, rule_id: str, because: Text) -> Cause:
    """Return the reason that an eligibility rule does not hold, with its level; `because` is filled."""
    words = rules.eligibility[rule_id]
    level = LEVELS[words.level]
    text = f"不满足（{level.zh}）：{because.zh} / not met ({level.en}): {because.en}"
    return Cause(rule_id, words.version, text)


def _unmet(rules: RulesInForce, rule_id: str) -> Cause:
    """Return the reason in words that fit every subscriber."""
    because = rules.eligibility[rule_id].because
    return not_met(rules, rule_id, Text(_PLACE.sub("…", because.zh), _PLACE.sub("…", because.en)))
