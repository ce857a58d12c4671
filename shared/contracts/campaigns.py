"""campaigns: cases, phases, cells, treatments, inbound advice, evaluation. RPC `campaigns`, bulk `campaigns_bulk`.

| method | pool | asks | tells |
|---|---|---|---|
| draft(plan) | interactive | dict: a plan in the language of `rules/campaigns/<id>/plan.yaml` | CampaignStatus |
| submit(campaign_id) | interactive | str | CampaignStatus |
| approve(campaign_id, level, approver) | interactive | str, str, str | CampaignStatus |
| launch / pause / resume / stop (campaign_id) | interactive | str | CampaignStatus |
| status(campaign_id) | interactive | str | CampaignStatus |
| evaluate(campaign_id) | bulk | str | Evaluation |
| recommend(customer_id, channel, context) | interactive | str, Channel, RecommendContext | Recommendation |
| respond(contact_id, response) | interactive | str, Response | ContactRecord |
| run_due(until) | bulk | datetime or null | RunReport: opens due phases, judges, reserves, dispatches, fulfils |
| contacts_page(after, limit) | bulk | str, int | ContactsPage: every contact made, for reports and recounts |
| members_page(campaign_id, cell, after, limit) | bulk | str, str, str, int | MembersPage: who was assigned to a cell |
| suppressions_page(after, limit) | bulk | str, int | SuppressionsPage: every contact not made, and why |
| decisions_page(after, limit) | bulk | str, int | DecisionsPage: advice with all that went into it, to judge again |
| story(customer_id) | both | str | Story: all that was decided about one subscriber |

Events in: customer_view `customers_changed` and `triggers_fired`, catalogue `offerings_changed`, governance
`lists_changed`, channels `contacts_sent`, `contacts_failed`, `outcomes_recorded`. Events out: `orders_fulfilled`
(OrdersFulfilled); `contacts_sent` and `outcomes_recorded`, as channels tells them, for visits.
"""

from datetime import datetime
from typing import Literal

from shared.contracts.wire import Asked, Channel, Direction, Outcome, Purpose, Reason, Told

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


class CampaignStatus(Told, frozen=True, kw_only=True):
    """Where a case stands."""

    campaign_id: str
    name_zh: str
    name_en: str
    state: CampaignState
    awaiting_level: str | None
    """The approval level whose turn it is, null when none is."""
    rule_set: str
    funnel: dict[FunnelStage, int]


class RecommendContext(Asked, frozen=True, kw_only=True):
    """What the front desk knows about this visit."""

    request_id: str
    """Chosen by the caller; the same request again returns the same offers and reserves nothing twice."""
    limit: int = 3
    language: str = "zh"
    reason: str = ""


class OfferedProduct(Told, frozen=True, kw_only=True):
    """One ranked, permitted offer with what to say and why."""

    contact_id: str
    campaign_id: str
    offering_id: str
    name: str
    script: str
    score: float
    reasons: list[Reason]
    expires_at: datetime


class WithheldProduct(Told, frozen=True, kw_only=True):
    """An offer not made, at which stage it fell out, and why."""

    campaign_id: str
    offering_id: str
    stage: FunnelStage
    reasons: list[Reason]


class Recommendation(Told, frozen=True, kw_only=True):
    """Offers, best first; what was withheld; the rule set that decided."""

    customer_id: str
    offers: list[OfferedProduct]
    withheld: list[WithheldProduct]
    rule_set: str


class Response(Asked, frozen=True, kw_only=True):
    """What the subscriber said."""

    outcome: Outcome
    detail: str = ""


class ContactRecord(Told, frozen=True, kw_only=True):
    """One contact as campaigns knows it."""

    contact_id: str
    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    offering_id: str
    channel: Channel
    planned_at: datetime
    state: str
    contacted_at: datetime | None = None
    outcome: Outcome | None = None
    fulfilled_at: datetime | None = None
    direction: Direction = "outbound"
    category: str = ""
    purpose: Purpose = "marketing"


class ContactsPage(Told, frozen=True, kw_only=True):
    """Contacts in ascending order of contact_id."""

    contacts: list[ContactRecord]
    next_after: str | None


class CellMember(Told, frozen=True, kw_only=True):
    """A subscriber's place in a campaign, fixed before any cap."""

    customer_id: str
    phase: str
    cell: str


class MembersPage(Told, frozen=True, kw_only=True):
    """Members in ascending order of customer_id, then phase."""

    members: list[CellMember]
    next_after: str | None


class Suppression(Told, frozen=True, kw_only=True):
    """A contact that was not made: at which stage it fell out, and why (at least one reason)."""

    suppression_id: str
    customer_id: str
    campaign_id: str
    phase: str
    stage: FunnelStage
    reasons: list[Reason]


class SuppressionsPage(Told, frozen=True, kw_only=True):
    """Suppressions in ascending order of suppression_id."""

    suppressions: list[Suppression]
    next_after: str | None


class RunReport(Told, frozen=True, kw_only=True):
    """What one run did, in subscribers (audience, judged) and contacts (the rest)."""

    phases_opened: int
    audience: int
    judged: int
    reserved: int
    suppressed: int
    dispatched: int
    fulfilled: int


class CellResult(Told, frozen=True, kw_only=True):
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


class KpiResult(Told, frozen=True, kw_only=True):
    kpi: str
    name_zh: str
    name_en: str
    target: float
    actual: float
    attainment: float


class SuppressionCount(Told, frozen=True, kw_only=True):
    stage: FunnelStage
    rule_id: str
    text: str
    customers: int


class Money(Told, frozen=True, kw_only=True):
    """All in fen."""

    contact_cost: int
    gift_cost: int
    revenue: int
    cost_per_success: float | None
    return_on_cost: float | None


class Breakdown(Told, frozen=True, kw_only=True):
    dimension: Literal["channel", "city", "phase"]
    value: str
    contacted: int
    reached: int
    accepted: int


class Evaluation(Told, frozen=True, kw_only=True):
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


class StoryLine(Told, frozen=True, kw_only=True):
    """One event in a subscriber's story."""

    at: datetime
    campaign_id: str
    zh: str
    en: str
    reasons: list[Reason] = []
    contact_id: str | None = None


class Story(Told, frozen=True, kw_only=True):
    customer_id: str
    lines: list[StoryLine]


class FulfilledOrder(Told, frozen=True, kw_only=True):
    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    products: list[str]
    at: datetime


class OrdersFulfilled(Told, frozen=True, kw_only=True):
    """Event `orders_fulfilled`: CRM and ISMP have both carried these orders out."""

    orders: list[FulfilledOrder]
