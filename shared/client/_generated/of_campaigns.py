"""What travels, as `shared.contracts.campaigns` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Literal, NotRequired, TypedDict

from .of_wire import Channel, Direction, Instant, Outcome, Purpose, Reason

CampaignState = Literal["draft", "submitted", "approved", "live", "paused", "stopped", "finished"]


FunnelStage = Literal[
    "audience",
    "eligible",
    "after_lists",
    "after_conflicts",
    "after_limits",
    "contacted",
    "reached",
    "accepted",
    "fulfilled",
]


class CampaignStatus(TypedDict):
    """Where a case stands."""

    campaign_id: str
    name_zh: str
    name_en: str
    state: CampaignState
    awaiting_level: str | None
    """The approval level whose turn it is, null when none is."""
    rule_set: str
    funnel: dict[FunnelStage, int]


class RecommendContext(TypedDict):
    """What the front desk knows about this visit."""

    request_id: str
    """Chosen by the caller; the same request again returns the same offers and reserves nothing twice."""
    limit: NotRequired[int]
    language: NotRequired[str]
    reason: NotRequired[str]


class OfferedProduct(TypedDict):
    """One ranked, permitted offer with what to say and why."""

    contact_id: str
    campaign_id: str
    offering_id: str
    name: str
    script: str
    score: float
    reasons: list[Reason]
    expires_at: Instant


class WithheldProduct(TypedDict):
    """An offer not made, at which stage it fell out, and why."""

    campaign_id: str
    offering_id: str
    stage: FunnelStage
    reasons: list[Reason]


class Recommendation(TypedDict):
    """Offers, best first; what was withheld; the rule set that decided."""

    customer_id: str
    offers: list[OfferedProduct]
    withheld: list[WithheldProduct]
    rule_set: str


class Response(TypedDict):
    """What the subscriber said."""

    outcome: Outcome
    detail: NotRequired[str]


class ContactRecord(TypedDict):
    """One contact as campaigns knows it."""

    contact_id: str
    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    offering_id: str
    channel: Channel
    planned_at: Instant
    state: str
    contacted_at: Instant | None
    outcome: Outcome | None
    fulfilled_at: Instant | None
    direction: Direction
    category: str
    purpose: Purpose


class ContactsPage(TypedDict):
    """Contacts in ascending order of contact_id."""

    contacts: list[ContactRecord]
    next_after: str | None


class CellMember(TypedDict):
    """A subscriber's place in a campaign, fixed before any cap."""

    customer_id: str
    phase: str
    cell: str


class MembersPage(TypedDict):
    """Members in ascending order of customer_id, then phase."""

    members: list[CellMember]
    next_after: str | None


class Suppression(TypedDict):
    """A contact that was not made: at which stage it fell out, and why (at least one reason)."""

    suppression_id: str
    customer_id: str
    campaign_id: str
    phase: str
    stage: FunnelStage
    reasons: list[Reason]


class SuppressionsPage(TypedDict):
    """Suppressions in ascending order of suppression_id."""

    suppressions: list[Suppression]
    next_after: str | None


class RunReport(TypedDict):
    """What one run did, in subscribers (audience, judged) and contacts (the rest)."""

    phases_opened: int
    audience: int
    judged: int
    reserved: int
    suppressed: int
    dispatched: int
    fulfilled: int


class CellResult(TypedDict):
    """One cell of a campaign; `converted` counts whoever holds the product at the end, contacted or not."""

    phase: str
    cell: str
    is_control: bool
    members: int
    contacted: int
    reached: int
    accepted: int
    fulfilled: int
    converted: int
    conversion: float
    uplift: float | None
    """Conversion minus the control cell's, in share points; null for control itself."""
    uplift_low: float | None
    uplift_high: float | None
    """95 % interval (Newcombe's for two proportions)."""


class KpiResult(TypedDict):
    """Its fields say it all."""

    kpi: str
    name_zh: str
    name_en: str
    target: float
    actual: float
    attainment: float


class SuppressionCount(TypedDict):
    """Its fields say it all."""

    stage: FunnelStage
    rule_id: str
    text: str
    customers: int


class Money(TypedDict):
    """All in fen."""

    contact_cost: int
    gift_cost: int
    revenue: int
    cost_per_success: float | None
    return_on_cost: float | None


class Breakdown(TypedDict):
    """Its fields say it all."""

    dimension: Literal["channel", "city", "phase"]
    value: str
    contacted: int
    reached: int
    accepted: int


class Evaluation(TypedDict):
    """How a campaign went; every figure is recomputed from stored contacts and outcomes."""

    campaign_id: str
    name_zh: str
    name_en: str
    state: CampaignState
    rule_set: str
    funnel: dict[FunnelStage, int]
    suppressions: list[SuppressionCount]
    cells: list[CellResult]
    kpis: list[KpiResult]
    money: Money
    breakdowns: list[Breakdown]
    unknown_facts: dict[str, int]
    """Facts the audience rules read that are unknown, with the number of subscribers."""
    refusal_reasons: dict[str, int]


class StoryLine(TypedDict):
    """One event in a subscriber's story."""

    at: Instant
    campaign_id: str
    zh: str
    en: str
    reasons: list[Reason]
    contact_id: str | None


class Story(TypedDict):
    """Its fields say it all."""

    customer_id: str
    lines: list[StoryLine]


class FulfilledOrder(TypedDict):
    """Its fields say it all."""

    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    products: list[str]
    at: Instant


class OrdersFulfilled(TypedDict):
    """Event `orders_fulfilled`: CRM and ISMP have both carried these orders out."""

    orders: list[FulfilledOrder]
