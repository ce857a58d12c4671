"""What travels, as `shared.contracts.decisions` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Any, Literal, TypedDict

from .of_wire import Channel, Instant

JudgedStage = Literal["ranked", "eligible", "after_conflicts"]


class RuleMark(TypedDict):
    """A rule that kept an offer back; `level` is that of an eligibility rule."""

    rule_id: str
    rule_version: str
    level: str


class JudgedOffer(TypedDict):
    """What became of one offer before contact limits; `reasons` of those kept back, the decisive one first."""

    campaign_id: str
    phase: str
    treatment: str
    offering_id: str
    stage: JudgedStage
    score: float | None
    ranked_by: str | None
    """The ranking rule that gave the score; null: the plain formula."""
    reasons: list[RuleMark]


class RecordedPlace(TypedDict):
    """The visitor's place in an open phase of a live campaign."""

    campaign_id: str
    phase: str
    cell: str
    state: str
    offering_id: str | None


class RecordedOrder(TypedDict):
    """An order of the visitor's on its way."""

    campaign_id: str
    offering_id: str


class RecordedContact(TypedDict):
    """A contact made before, or about to be."""

    campaign_id: str
    offering_id: str
    at: Instant


class RecordedDecision(TypedDict):
    """One question of a desk: what was known, under which rules it was judged, and what came out.

    `facts` are all that campaigns knew, whether a rule read them or not: other rules may. Dates are ISO text.
    """

    request_id: str
    customer_id: str
    channel: Channel
    decided_at: Instant
    rule_set: str
    scene: str
    facts: dict[str, Any]
    places: list[RecordedPlace]
    orders: list[RecordedOrder]
    past: list[RecordedContact]
    doubted: list[str]
    """Eligibility rules on which the executors did not agree, or to which the engine gave no answer: not held."""
    judged: list[JudgedOffer]
    """Those ranked first, best first."""


class RecordedScene(TypedDict):
    """Live plans and the catalogue, without scripts, as they stood."""

    scene: str
    plans: list[dict[str, Any]]
    offerings: list[dict[str, Any]]


class DecisionsPage(TypedDict):
    """Decisions in order of time, and the scenes they name."""

    decisions: list[RecordedDecision]
    scenes: list[RecordedScene]
    next_after: str | None
