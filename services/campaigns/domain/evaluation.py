"""The arithmetic of evaluation: shares, uplift with its interval, attainment, cost and return."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt

from services.campaigns.domain.plan import Goal, Treatment

_Z95 = 1.959963984540054  # two-sided 95 % of the normal distribution


@dataclass(frozen=True, slots=True)
class CellCount:
    """Counts of subscribers in one cell of one phase; `members` leaves out who held the product at the start."""

    phase: str
    cell: str
    members: int
    contacted: int
    reached: int
    accepted: int
    fulfilled: int
    converted: int

    @property
    def conversion(self) -> float:
        """Share of the members who hold the product at the end; 0 for an empty cell."""
        return self.converted / self.members if self.members else 0.0


@dataclass(frozen=True, slots=True)
class Uplift:
    """Conversion above control's, in share points, with its 95 % interval."""

    points: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class TreatmentCount:
    """Accepted and fulfilled orders of one treatment."""

    treatment: str
    accepted: int
    fulfilled: int


@dataclass(frozen=True, slots=True)
class Account:
    """Costs and expected revenue, in fen; ratios are None where there is nothing to divide by."""

    contact_cost: int
    gift_cost: int
    revenue: int
    cost_per_success: float | None
    return_on_cost: float | None


def uplift(treated: CellCount, control: CellCount | None) -> Uplift | None:
    """Compare a cell with its phase's control cell by Newcombe's hybrid score interval; None without members."""
    if control is None or not treated.members or not control.members:
        return None
    here, there = treated.conversion, control.conversion
    low_here, high_here = _wilson(treated.converted, treated.members)
    low_there, high_there = _wilson(control.converted, control.members)
    points = here - there
    low = points - sqrt((here - low_here) ** 2 + (high_there - there) ** 2)
    high = points + sqrt((high_here - here) ** 2 + (there - low_there) ** 2)
    return Uplift(points, low, high)


def _wilson(successes: int, trials: int) -> tuple[float, float]:
    """Return Wilson's score interval of a share."""
    share, square = successes / trials, _Z95 * _Z95
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z95 * sqrt(share * (1 - share) / trials + square / (4 * trials * trials)) / (1 + square / trials)
    return middle - half, middle + half


def kpi_values(cells: Iterable[CellCount], control: str) -> Mapping[str, float]:
    """Return the value of every KPI a goal may name, over the treated cells of all phases."""
    treated = [cell for cell in cells if cell.cell != control]
    members = sum(cell.members for cell in treated)
    contacted = sum(cell.contacted for cell in treated)
    accepted = sum(cell.accepted for cell in treated)
    converted = sum(cell.converted for cell in treated)
    return {
        "contacted": contacted,
        "reached": sum(cell.reached for cell in treated),
        "accepted": accepted,
        "fulfilled": sum(cell.fulfilled for cell in treated),
        "converted": converted,
        "success_rate": accepted / contacted if contacted else 0.0,
        "conversion_rate": converted / members if members else 0.0,
    }


def attainment(goal: Goal, values: Mapping[str, float]) -> float:
    """Return actual over target; targets are above zero by contract."""
    return values[goal.kpi] / goal.target


def account(contact_cost: int, counts: Sequence[TreatmentCount], treatments: Mapping[str, Treatment]) -> Account:
    """Add up what contacts and gifts cost and what fulfilled orders are expected to bring."""
    gifts = sum(count.accepted * treatments[count.treatment].gift_cost_fen for count in counts)
    revenue = sum(count.fulfilled * treatments[count.treatment].revenue_fen for count in counts)
    fulfilled = sum(count.fulfilled for count in counts)
    cost = contact_cost + gifts
    return Account(
        contact_cost=contact_cost,
        gift_cost=gifts,
        revenue=revenue,
        cost_per_success=cost / fulfilled if fulfilled else None,
        return_on_cost=revenue / cost if cost else None,
    )
