"""The plan of a campaign: what `rules/campaigns/<id>/plan.yaml` holds and `campaigns.draft` takes."""

from datetime import date
from typing import Annotated, Literal

import msgspec

from shared.contracts.wire import Asked, Channel, Outcome, Purpose

Share = Annotated[float, msgspec.Meta(ge=0, le=1)]
Fen = Annotated[int, msgspec.Meta(ge=0)]
Count = Annotated[int, msgspec.Meta(ge=0)]
Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
KpiName = Literal["contacted", "reached", "accepted", "fulfilled", "converted", "success_rate", "conversion_rate"]


class Goal(Asked, frozen=True, kw_only=True):
    """A KPI with its target; rates as shares between 0 and 1. `driver` says which lever moves it."""

    kpi: KpiName
    target: Annotated[float, msgspec.Meta(gt=0)]
    name_zh: str
    name_en: str
    driver: str = ""


class Step(Asked, frozen=True, kw_only=True):
    """One contact of a treatment."""

    channel: Channel
    after_hours: Count = 0
    """Counted from the phase's start for the first step (in a phase by trigger from when the subscriber joins it),
    from the outcome of the step before for the others."""
    when: list[Outcome] = []
    """For a later step: the outcomes of the step before after which it follows."""
    purpose: Purpose = "marketing"
    cost_fen: Fen = 0
    script_zh: str = ""
    script_en: str = ""
    """Empty: the offering's own script for the channel."""


class Treatment(Asked, frozen=True, kw_only=True):
    """An offering made through steps."""

    treatment: Id
    offering: Id
    steps: list[Step] = []
    """Outbound contacts, in order; empty: offered only to those who come by themselves, in the plan's `inbound`."""
    consent: Literal["explicit", "silence"] = "explicit"
    """`silence`: a notice was delivered and nobody objected within `silence_hours` (seed 003: on unless refused)."""
    silence_hours: Count = 24
    gift_cost_fen: Fen = 0
    """Spent per accepted offer."""
    revenue_fen: Fen = 0
    """Expected per fulfilled order, over the horizon the plan's owner states in `notes`."""


class Cell(Asked, frozen=True, kw_only=True):
    """A share of the audience; of its treatments the first one the subscriber is eligible for is used."""

    cell: Id
    share: Share
    treatments: list[Id] = []
    """Empty only for the control cell."""


class Phase(Asked, frozen=True, kw_only=True):
    """One stretch of the campaign with its own audience: exactly one of `segment`, `rule` and `trigger`."""

    phase: Id
    starts_on: date
    ends_on: date
    """Inclusive, in the plan's zone."""
    segment: Id | None = None
    rule: dict[str, object] | None = None
    trigger: Id | None = None
    """Whoever it fires for during the phase joins it, at most once, as soon as the next run takes in who is new."""
    name_zh: str = ""
    name_en: str = ""


class Answers(Asked, frozen=True, kw_only=True):
    """How simulated subscribers answer in a channel: probabilities, the rest is no answer; real channels ignore it."""

    channel: Channel
    outcomes: dict[Outcome, Share]
    offering: Id | None = None
    """Null: any offering of this campaign."""


class Simulation(Asked, frozen=True, kw_only=True):
    """What the rehearsal assumes: in the plan, so that it can be read and changed, and labelled everywhere."""

    answers: list[Answers] = []
    organic: Share = 0.0
    """Share of the audience that takes the product during the campaign without any contact."""
    fulfilment: Share = 1.0
    """Share of accepted orders that CRM and ISMP carry out."""


class Plan(Asked, frozen=True, kw_only=True):
    """A campaign case."""

    campaign: Id
    name_zh: str
    name_en: str
    source: str
    """The seed document or request the case comes from."""
    owner: str
    category: str
    goals: list[Goal]
    phases: Annotated[list[Phase], msgspec.Meta(min_length=1)]
    cells: Annotated[list[Cell], msgspec.Meta(min_length=2)]
    treatments: Annotated[list[Treatment], msgspec.Meta(min_length=1)]
    converts: list[str]
    """Products whose holding counts as conversion, whoever caused it."""
    priority: Annotated[int, msgspec.Meta(ge=1, le=100)] = 50
    zone: str = "Asia/Shanghai"
    approvals: list[str] = msgspec.field(default_factory=lambda: ["province"])
    """Levels in order, e.g. county, city, province."""
    control: Id = "control"
    """The cell that is never contacted."""
    pace: dict[Channel, Annotated[int, msgspec.Meta(ge=1)]] = {}
    """The most contacts per day and channel this campaign asks for; absent means no bound of its own."""
    budget_fen: Fen | None = None
    """Contacts stop when their cost reaches it."""
    inbound: list[Channel] = []
    """Channels where `recommend` may offer this campaign."""
    similar_to: list[Id] = []
    notes: str = ""
    simulation: Simulation = Simulation()
