"""The plan of a campaign as values: what it wants, when, with whom, and with what."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo

ZONE = "Asia/Shanghai"
"""The operator's zone, where a plan does not say otherwise; the day of judgement is counted in it."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A KPI with its target; rates as shares between 0 and 1."""

    kpi: str
    target: float
    name_zh: str
    name_en: str
    driver: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One contact of a treatment; `when` names the outcomes of the step before after which it follows."""

    channel: str
    after_hours: int = 0
    when: tuple[str, ...] = ()
    purpose: str = "marketing"
    cost_fen: int = 0
    script_zh: str = ""
    script_en: str = ""


@dataclass(frozen=True, slots=True)
class Treatment:
    """An offering made through steps."""

    treatment: str
    offering: str
    steps: tuple[Step, ...] = ()
    """Empty: offered only to those who come by themselves."""
    consent: str = "explicit"
    silence_hours: int = 24
    gift_cost_fen: int = 0
    revenue_fen: int = 0

    def step(self, number: int) -> Step | None:
        """Return the step by its number, counted from 1; None after the last."""
        return self.steps[number - 1] if 1 <= number <= len(self.steps) else None


@dataclass(frozen=True, slots=True)
class Cell:
    """A share of the audience, with its treatments in order of preference."""

    cell: str
    share: float
    treatments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Phase:
    """One stretch of the campaign with its own audience."""

    phase: str
    starts_on: date
    ends_on: date
    segment: str | None = None
    rule: Mapping[str, object] | None = None
    trigger: str | None = None
    name_zh: str = ""
    name_en: str = ""


@dataclass(frozen=True, slots=True)
class Answers:
    """How simulated subscribers answer in a channel."""

    channel: str
    outcomes: Mapping[str, float]
    offering: str | None = None


@dataclass(frozen=True, slots=True)
class Simulation:
    """What the rehearsal assumes."""

    answers: tuple[Answers, ...] = ()
    organic: float = 0.0
    fulfilment: float = 1.0


@dataclass(frozen=True)
class Plan:
    """A campaign case: field by field what `shared.contracts.plan.Plan` is on the wire."""

    campaign: str
    name_zh: str
    name_en: str
    source: str
    owner: str
    category: str
    goals: tuple[Goal, ...]
    phases: tuple[Phase, ...]
    cells: tuple[Cell, ...]
    treatments: tuple[Treatment, ...]
    converts: tuple[str, ...]
    priority: int = 50
    zone: str = ZONE
    approvals: tuple[str, ...] = ("province",)
    control: str = "control"
    pace: Mapping[str, int] = field(default_factory=dict)
    budget_fen: int | None = None
    inbound: tuple[str, ...] = ()
    similar_to: tuple[str, ...] = ()
    notes: str = ""
    simulation: Simulation = field(default_factory=Simulation)

    @cached_property
    def by_treatment(self) -> Mapping[str, Treatment]:
        """The treatments by their ids."""
        return {each.treatment: each for each in self.treatments}

    @cached_property
    def by_phase(self) -> Mapping[str, Phase]:
        """The phases by their ids."""
        return {each.phase: each for each in self.phases}

    def starts_at(self, phase: Phase) -> datetime:
        """Return the first instant of a phase, in the plan's zone."""
        return datetime.combine(phase.starts_on, time(), ZoneInfo(self.zone))

    def ends_at(self, phase: Phase) -> datetime:
        """Return the first instant after a phase: its last day is included."""
        return datetime.combine(phase.ends_on + timedelta(days=1), time(), ZoneInfo(self.zone))

    def propensity(self, channel: str, offering: str) -> Mapping[str, float]:
        """Return the assumed probability of each outcome of a contact; empty where the plan assumes nothing."""
        fitting = [each for each in self.simulation.answers if each.channel == channel]
        exact = next((each for each in fitting if each.offering == offering), None)
        general = next((each for each in fitting if each.offering is None), None)
        chosen = exact or general
        return chosen.outcomes if chosen else {}
