"""What a visitor may be offered: the places still open to advice, the best treatment of each, and their order."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.campaigns.domain.candidate import CandidateState, Cause
from services.campaigns.domain.conflicts import Background, ConflictBook, Contender, PastContact
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.plan import Plan, Treatment
from services.campaigns.domain.ranking import RankingRule, score_of

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


@dataclass(frozen=True, slots=True)
class Assortment:
    """What may be offered at all: live plans, the catalogue, and the conflict and ranking rules bound to both."""

    plans: Mapping[str, Plan]
    catalogue: Mapping[str, Offering]
    book: ConflictBook


@dataclass(frozen=True, slots=True)
class Visit:
    """What is known of a visitor beside the facts; `orders` are (campaign, offering) on their way."""

    channel: str
    places: Sequence[Place]
    orders: Sequence[tuple[str, str]] = ()
    past: Sequence[PastContact] = ()
    products: frozenset[str] | None = None
    """None: nobody knows what the visitor holds."""


@dataclass(frozen=True, slots=True)
class Ranked:
    """An offer that may be made, with its score and the rule that gave it; None: the plain formula."""

    score: float
    one: Pick
    by: RankingRule | None


@dataclass(frozen=True, slots=True)
class Shortlist:
    """What remains for a visitor, best first, and what does not, each with what it failed by."""

    ranked: Sequence[Ranked]
    unmet: Sequence[Pick]
    lost: Sequence[tuple[Pick, tuple[Cause, ...]]]


def shortlist(visit: Visit, assortment: Assortment, holds: Mapping[str, bool], moment: datetime) -> Shortlist:
    """Return what a visitor may be offered: eligibility as `holds` says, then conflicts, then rank.

    The same arguments give the same answer, whenever they are judged.
    """
    picks = [
        one
        for place in advisable(visit.places, assortment.plans, visit.channel)
        if (one := pick(place, assortment.plans, assortment.catalogue, holds))
    ]
    asking = [_ranked(one, assortment) for one in picks if not one.failed]
    lost = _settled(visit, asking, assortment.book, moment)
    left = [each for number, each in enumerate(asking) if number not in lost]
    return Shortlist(
        sorted(left, key=lambda each: (-each.score, each.one.place.campaign_id)),
        [one for one in picks if one.failed],
        [(asking[number].one, causes) for number, causes in lost.items()],
    )


def _ranked(one: Pick, assortment: Assortment) -> Ranked:
    rule = assortment.book.profile(one.place.campaign_id, one.offering.offering_id).ranked_by
    return Ranked(score_of(assortment.plans[one.place.campaign_id], one.treatment, rule), one, rule)


def _settled(
    visit: Visit, asking: Sequence[Ranked], book: ConflictBook, moment: datetime
) -> Mapping[int, tuple[Cause, ...]]:
    """Return which of those that ask lose to a conflict, by position."""
    mine = {each.one.place.campaign_id for each in asking}
    busy = [
        book.profile(place.campaign_id, place.offering_id or "")
        for place in visit.places
        if place.state in BUSY and place.campaign_id not in mine
    ]
    ordered = [book.profile(*order) for order in visit.orders]
    contenders = [
        Contender(
            book.profile(each.one.place.campaign_id, each.one.offering.offering_id), each.one.place.phase, each.score
        )
        for each in asking
    ]
    return book.settle(contenders, Background((*busy, *ordered), visit.products, tuple(visit.past)), moment)
