"""What a visitor may be offered: the places that are still open to advice, and the best treatment of each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.campaigns.domain.candidate import CandidateState
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan, Treatment

SHUT = frozenset({CandidateState.CONTROL, CandidateState.ACCEPTED, CandidateState.REFUSED, CandidateState.CLOSED})
"""Whoever stands so is never advised: control stays untouched, and an answer is respected."""

BUSY = frozenset({CandidateState.WAITING, CandidateState.SILENT, CandidateState.ACCEPTED})
"""Whoever stands so in another campaign holds a place that conflicts are judged against."""


@dataclass(frozen=True, slots=True)
class Place:
    """A subscriber's place in an open phase of a live campaign."""

    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    state: CandidateState
    offering_id: str | None
    city: str | None


@dataclass(frozen=True, slots=True)
class Pick:
    """The treatment a place leads to, or the eligibility rules that keep the subscriber from all of them."""

    place: Place
    treatment: Treatment
    offering: Offering
    failed: tuple[str, ...] = ()


def advisable(places: Iterable[Place], plans: Mapping[str, Plan], channel: str) -> list[Place]:
    """Return the places whose campaign offers itself in the channel and which are not shut."""
    return [
        place
        for place in places
        if place.state not in SHUT and place.campaign_id in plans and channel in plans[place.campaign_id].inbound
    ]


def rules_of(places: Iterable[Place], plans: Mapping[str, Plan], catalogue: Mapping[str, Offering]) -> list[str]:
    """Return every eligibility rule that any treatment of these places asks for, in order of id."""
    return sorted(
        {
            rule
            for place in places
            for _, offering in treatments_of(place, plans, catalogue)
            for rule in offering.eligibility
        }
    )


def treatments_of(
    place: Place, plans: Mapping[str, Plan], catalogue: Mapping[str, Offering]
) -> list[tuple[Treatment, Offering]]:
    """Return the treatments of a place's cell, in order of preference; those the catalogue has dropped are left out."""
    plan = plans[place.campaign_id]
    names: Sequence[str] = next((cell.treatments for cell in plan.cells if cell.cell == place.cell), ())
    found = [plan.by_treatment[name] for name in names]
    return [(each, catalogue[each.offering]) for each in found if each.offering in catalogue]


def pick(
    place: Place, plans: Mapping[str, Plan], catalogue: Mapping[str, Offering], holds: Mapping[str, bool]
) -> Pick | None:
    """Return the first treatment whose rules all hold, else the first with the rules that fail; None without any."""
    options = treatments_of(place, plans, catalogue)
    for treatment, offering in options:
        if all(holds.get(rule, False) for rule in offering.eligibility):
            return Pick(place, treatment, offering)
    if not options:
        return None
    treatment, offering = options[0]
    return Pick(place, treatment, offering, tuple(rule for rule in offering.eligibility if not holds.get(rule, False)))
