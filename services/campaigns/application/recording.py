"""Decisions of advice put on record: what went into them, so that they can be judged again, and what came out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import msgspec

from services.campaigns.application.offers import Question
from services.campaigns.application.setting import Setting, level_of
from services.campaigns.domain.advice import Pick, Ranked, Shortlist, Visit
from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan
from shared.contracts.customer_view import Customer
from shared.contracts.decisions import (
    JudgedOffer,
    RecordedContact,
    RecordedDecision,
    RecordedOrder,
    RecordedPlace,
    RecordedScene,
    RuleMark,
)
from shared.kernel.identity import derive_id

_NOTED_EVERY = timedelta(hours=1)  # so often a scene in use is noted as used


@dataclass(frozen=True, slots=True)
class Judged:
    """One question with all that was known and what came of it before contact limits."""

    question: Question
    customer: Customer
    visit: Visit
    doubts: Mapping[str, Cause]
    result: Shortlist


class Recording:
    """Turns judged questions into records; knows the scene at hand, which is the same for many of them."""

    def __init__(self) -> None:
        self._of: tuple[Mapping[str, Plan], Mapping[str, Offering]] | None = None
        self._scene = RecordedScene(scene="", plans=[], offerings=[])
        self._noted: dict[str, datetime] = {}

    def scene(self, setting: Setting) -> RecordedScene:
        """Return the plans and the catalogue of a setting under a name derived from them."""
        if self._of is None or self._of[0] is not setting.plans or self._of[1] is not setting.catalogue:
            self._of = setting.plans, setting.catalogue
            self._scene = scene_of(setting.plans, setting.catalogue)
        return self._scene

    def is_noted(self, scene: RecordedScene, now: datetime) -> bool:
        """Say whether the store has been told lately that the scene is in use."""
        noted = self._noted.get(scene.scene)
        return noted is not None and now - noted < _NOTED_EVERY

    def note(self, scene: RecordedScene, now: datetime) -> None:
        """Remember that the store has been told."""
        self._noted = {name: at for name, at in self._noted.items() if now - at < _NOTED_EVERY} | {scene.scene: now}


def scene_of(plans: Mapping[str, Plan], catalogue: Mapping[str, Offering]) -> RecordedScene:
    """Return live plans and the catalogue as a value for the record; scripts are left out."""
    kept = [replace(each, scripts=()) for _, each in sorted(catalogue.items())]
    content = msgspec.json.encode([[plan for _, plan in sorted(plans.items())], kept])
    told_plans, told_offerings = msgspec.json.decode(content)
    return RecordedScene(scene=derive_id("scene", content.decode()), plans=told_plans, offerings=told_offerings)


def record_of(judged: Judged, scene: str, setting: Setting) -> RecordedDecision:
    """Return the record of one question."""
    question, visit = judged.question, judged.visit
    return RecordedDecision(
        request_id=question.context.request_id,
        customer_id=question.customer_id,
        channel=question.channel,
        decided_at=setting.moment,
        rule_set=setting.rules.version,
        scene=scene,
        facts=judged.customer.facts,
        places=[
            RecordedPlace(
                campaign_id=each.campaign_id,
                phase=each.phase,
                cell=each.cell,
                state=each.state,
                offering_id=each.offering_id,
            )
            for each in visit.places
        ],
        orders=[RecordedOrder(campaign_id=campaign, offering_id=offering) for campaign, offering in visit.orders],
        past=[
            RecordedContact(campaign_id=each.campaign_id, offering_id=each.offering_id, at=each.at)
            for each in visit.past
        ],
        doubted=sorted(judged.doubts),
        judged=told(judged.result, setting),
    )


def told(result: Shortlist, setting: Setting) -> list[JudgedOffer]:
    """Return what became of each offer: those ranked, best first, then those kept back."""
    return [
        *(_ranked(each) for each in result.ranked),
        *(_unmet(one, setting) for one in result.unmet),
        *(_lost(one, causes) for one, causes in result.lost),
    ]


def _ranked(each: Ranked) -> JudgedOffer:
    one = each.one
    return JudgedOffer(
        campaign_id=one.place.campaign_id,
        phase=one.place.phase,
        treatment=one.treatment.treatment,
        offering_id=one.offering.offering_id,
        stage="ranked",
        score=each.score,
        ranked_by=each.by.rule_id if each.by else None,
    )


def _unmet(one: Pick, setting: Setting) -> JudgedOffer:
    rules = setting.rules
    marks = [
        RuleMark(
            rule_id=name,
            rule_version=rules.eligibility[name].version if name in rules.eligibility else rules.version,
            level=level_of(rules, name),
        )
        for name in one.failed
    ]
    return JudgedOffer(
        campaign_id=one.place.campaign_id,
        phase=one.place.phase,
        treatment=one.treatment.treatment,
        offering_id=one.offering.offering_id,
        stage="eligible",
        reasons=marks,
    )


def _lost(one: Pick, causes: Sequence[Cause]) -> JudgedOffer:
    return JudgedOffer(
        campaign_id=one.place.campaign_id,
        phase=one.place.phase,
        treatment=one.treatment.treatment,
        offering_id=one.offering.offering_id,
        stage="after_conflicts",
        reasons=[RuleMark(rule_id=each.rule_id, rule_version=each.rule_version) for each in causes],
    )
