"""What travels, as `shared.contracts.plan` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Literal, NotRequired, TypedDict

from .of_wire import Channel, Day, Outcome, Purpose

KpiName = Literal["contacted", "reached", "accepted", "fulfilled", "converted", "success_rate", "conversion_rate"]


class Goal(TypedDict):
    """A KPI with its target; rates as shares between 0 and 1. `driver` says which lever moves it."""

    kpi: KpiName
    target: float
    name_zh: str
    name_en: str
    driver: NotRequired[str]


class Step(TypedDict):
    """One contact of a treatment."""

    channel: Channel
    after_hours: NotRequired[int]
    """Counted from the phase's start for the first step (in a phase by trigger from when the subscriber joins it),
    from the outcome of the step before for the others.
    """
    when: NotRequired[list[Outcome]]
    """For a later step: the outcomes of the step before after which it follows."""
    purpose: NotRequired[Purpose]
    cost_fen: NotRequired[int]
    script_zh: NotRequired[str]
    script_en: NotRequired[str]
    """Empty: the offering's own script for the channel."""


class Treatment(TypedDict):
    """An offering made through steps."""

    treatment: str
    offering: str
    steps: NotRequired[list[Step]]
    """Outbound contacts, in order; empty: offered only to those who come by themselves, in the plan's `inbound`."""
    consent: NotRequired[Literal["explicit", "silence"]]
    """`silence`: a notice was delivered and nobody objected within `silence_hours` (seed 003: on unless refused)."""
    silence_hours: NotRequired[int]
    gift_cost_fen: NotRequired[int]
    """Spent per accepted offer."""
    revenue_fen: NotRequired[int]
    """Expected per fulfilled order, over the horizon the plan's owner states in `notes`."""


class Cell(TypedDict):
    """A share of the audience; of its treatments the first one the subscriber is eligible for is used."""

    cell: str
    share: float
    treatments: NotRequired[list[str]]
    """Empty only for the control cell."""


class Phase(TypedDict):
    """One stretch of the campaign with its own audience: exactly one of `segment`, `rule` and `trigger`."""

    phase: str
    starts_on: Day
    ends_on: Day
    """Inclusive, in the plan's zone."""
    segment: NotRequired[str | None]
    rule: NotRequired[dict[str, object] | None]
    trigger: NotRequired[str | None]
    """Whoever it fires for during the phase joins it, at most once, as soon as the next run takes in who is new."""
    name_zh: NotRequired[str]
    name_en: NotRequired[str]


class Answers(TypedDict):
    """How simulated subscribers answer in a channel: probabilities, the rest is no answer; real channels ignore it."""

    channel: Channel
    outcomes: dict[Outcome, float]
    offering: NotRequired[str | None]
    """Null: any offering of this campaign."""


class Simulation(TypedDict):
    """What the rehearsal assumes: in the plan, so that it can be read and changed, and labelled everywhere."""

    answers: NotRequired[list[Answers]]
    organic: NotRequired[float]
    """Share of the audience that takes the product during the campaign without any contact."""
    fulfilment: NotRequired[float]
    """Share of accepted orders that CRM and ISMP carry out."""


class Plan(TypedDict):
    """A campaign case."""

    campaign: str
    name_zh: str
    name_en: str
    source: str
    """The seed document or request the case comes from."""
    owner: str
    category: str
    goals: list[Goal]
    phases: list[Phase]
    cells: list[Cell]
    treatments: list[Treatment]
    converts: list[str]
    """Products whose holding counts as conversion, whoever caused it."""
    priority: NotRequired[int]
    zone: NotRequired[str]
    approvals: NotRequired[list[str]]
    """Levels in order, e.g. county, city, province."""
    control: NotRequired[str]
    """The cell that is never contacted."""
    pace: NotRequired[dict[Channel, int]]
    """The most contacts per day and channel this campaign asks for; absent means no bound of its own."""
    budget_fen: NotRequired[int | None]
    """Contacts stop when their cost reaches it."""
    inbound: NotRequired[list[Channel]]
    """Channels where `recommend` may offer this campaign."""
    similar_to: NotRequired[list[str]]
    notes: NotRequired[str]
    simulation: NotRequired[Simulation]
