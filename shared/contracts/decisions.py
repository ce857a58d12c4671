"""Decisions of advice as campaigns records them: with all that went into them, they can be judged again.

RPC `campaigns_bulk.decisions_page(after, limit)` tells them in order of time. Live plans and the catalogue are told
once for all decisions made while they stood so: a decision names its `scene`.
"""

from datetime import datetime
from typing import Any, Literal

from shared.contracts.wire import Channel, Told

JudgedStage = Literal["ranked", "eligible", "after_conflicts"]
"""Where an offer came to: into the ranking, or fell out at eligibility or at conflicts."""


class RuleMark(Told, frozen=True, kw_only=True):
    """A rule that kept an offer back; `level` is that of an eligibility rule."""

    rule_id: str
    rule_version: str
    level: str = ""


class JudgedOffer(Told, frozen=True, kw_only=True):
    """What became of one offer before contact limits; `reasons` of those kept back, the decisive one first."""

    campaign_id: str
    phase: str
    treatment: str
    offering_id: str
    stage: JudgedStage
    score: float | None = None
    ranked_by: str | None = None
    """The ranking rule that gave the score; null: the plain formula."""
    reasons: list[RuleMark] = []


class RecordedPlace(Told, frozen=True, kw_only=True):
    """The visitor's place in an open phase of a live campaign."""

    campaign_id: str
    phase: str
    cell: str
    state: str
    offering_id: str | None = None


class RecordedOrder(Told, frozen=True, kw_only=True):
    """An order of the visitor's on its way."""

    campaign_id: str
    offering_id: str


class RecordedContact(Told, frozen=True, kw_only=True):
    """A contact made before, or about to be."""

    campaign_id: str
    offering_id: str
    at: datetime


class RecordedDecision(Told, frozen=True, kw_only=True):
    """One question of a desk: what was known, under which rules it was judged, and what came out.

    `facts` are all that campaigns knew, whether a rule read them or not: other rules may. Dates are ISO text.
    """

    request_id: str
    customer_id: str
    channel: Channel
    decided_at: datetime
    rule_set: str
    scene: str
    facts: dict[str, Any]
    places: list[RecordedPlace]
    orders: list[RecordedOrder] = []
    past: list[RecordedContact] = []
    doubted: list[str] = []
    """Eligibility rules on which the executors did not agree, or to which the engine gave no answer: not held."""
    judged: list[JudgedOffer]
    """Those ranked first, best first."""


class RecordedScene(Told, frozen=True, kw_only=True):
    """Live plans and the catalogue, without scripts, as they stood."""

    scene: str
    plans: list[dict[str, Any]]
    offerings: list[dict[str, Any]]


class DecisionsPage(Told, frozen=True, kw_only=True):
    """Decisions in order of time, and the scenes they name."""

    decisions: list[RecordedDecision]
    scenes: list[RecordedScene]
    next_after: str | None
