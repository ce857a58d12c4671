"""What reports, recounts and stories need from the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.campaigns.domain.evaluation import CellCount, TreatmentCount
from shared.contracts.campaigns import Breakdown, CellMember, ContactRecord, Suppression, SuppressionCount
from shared.contracts.wire import Reason


@dataclass(frozen=True, slots=True)
class ToldContact:
    """A contact with the treatment and step it belongs to; the plan knows the rest."""

    record: ContactRecord
    treatment: str
    step: int


@dataclass(frozen=True, slots=True)
class Place:
    """A subscriber's place in one phase: cell, and where and why it fell out, if it did."""

    campaign_id: str
    phase: str
    cell: str
    state: str
    lost_at: str | None
    reasons: Sequence[Reason]
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class Approach:
    """A contact of one subscriber, permitted or not."""

    contact_id: str
    campaign_id: str
    offering_id: str
    channel: str
    direction: str
    state: str
    decided_at: datetime
    planned_at: datetime
    contacted_at: datetime | None
    outcome: str | None
    outcome_at: datetime | None
    detail: str
    reasons: Sequence[Reason]


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """An order of one subscriber."""

    contact_id: str
    campaign_id: str
    offering_id: str
    accepted_at: datetime
    state: str
    fulfilled_at: datetime | None


class Evaluations(Protocol):
    """Counts of one campaign."""

    def cells(self, campaign_id: str, converts: tuple[str, ...]) -> list[CellCount]:
        """Count per phase and cell, in order of both."""
        ...

    def treatments(self, campaign_id: str) -> list[TreatmentCount]:
        """Count orders per treatment."""
        ...

    def contact_cost(self, campaign_id: str) -> int:
        """Add up what contacts cost, in fen."""
        ...

    def suppressions(self, campaign_id: str) -> list[SuppressionCount]:
        """Count subscribers per stage and rule, most first."""
        ...

    def breakdowns(self, campaign_id: str) -> list[Breakdown]:
        """Count contacts by channel, city and phase."""
        ...

    def refusals(self, campaign_id: str) -> dict[str, int]:
        """Count reasons of refusal."""
        ...

    def unknown_facts(self, campaign_id: str) -> dict[str, int]:
        """Return the facts the audience rules read that were unknown, and for how many subscribers."""
        ...


class Pages(Protocol):
    """Everything that happened, page by page."""

    def contacts(self, after: str, limit: int) -> list[ToldContact]:
        """Return permitted contacts in order of id."""
        ...

    def members(self, campaign_id: str, cell: str, after: tuple[str, str], limit: int) -> list[CellMember]:
        """Return cell members in order of subscriber and phase."""
        ...

    def dropped(self, after: str, limit: int) -> list[Suppression]:
        """Return candidates that fell out."""
        ...

    def suppressed(self, after: str, limit: int) -> list[Suppression]:
        """Return contacts that were not permitted."""
        ...


class Chronicle(Protocol):
    """Everything about one subscriber."""

    def places(self, customer_id: str) -> list[Place]:
        """Return the phases the subscriber was a member of."""
        ...

    def approaches(self, customer_id: str) -> list[Approach]:
        """Return the subscriber's contacts, permitted or not, oldest first."""
        ...

    def orders(self, customer_id: str) -> list[PlacedOrder]:
        """Return the subscriber's orders, oldest first."""
        ...
