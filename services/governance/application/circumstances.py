"""What a batch of requests is judged by, read from the store: as little as settles each of them.

Most requests are settled by counting in the store (see `domain.tallies`): those that have room. Only of the other
subscribers are the contacts themselves read, which say until when there is none.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from services.governance.application.ports import Unit
from services.governance.domain.checks import Bucket
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark, Situation
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from services.governance.domain.tallies import Counters, Tallying, countings, has_room, tight

_CUSTOMER = itemgetter(Contact._fields.index("customer_id"))
_FEW = 20
"""Below so many requests their subscribers' contacts are as quickly read as counted."""


class Circumstances(NamedTuple):
    """What is known of a batch."""

    situations: Mapping[str, Situation]
    """Of the subscribers whose requests must be judged, by customer id."""
    capacity: Mapping[Bucket, int]
    counted: Mapping[str, Counters]
    """Of requests against which only their subscriber's contacts can stand, by contact id."""
    marks: list[ListMark]
    overrides: list[OverrideMark]


NOTHING_SEEN = Circumstances({}, {}, {}, [], [])


class _Restraints(NamedTuple):
    lists: Mapping[str, Sequence[ListMark]]
    outcomes: Mapping[str, Sequence[OutcomeMark]]
    overrides: Mapping[str, Sequence[OverrideMark]]


def circumstances(
    unit: Unit, asked: Sequence[Contact], policies: PolicySet, terms: Terms, now: int, *, counting: bool = True
) -> Circumstances:
    """Read what the requests are judged by; without `counting` every subscriber's contacts are read."""
    wanted = Counter(buckets_of(asked, policies, terms, now))
    since = min([now, *(one.at for one in asked if is_near(one, terms, now))])
    capacity = unit.capacity.used(policies.capacity, since, wanted, now) if wanted else {}
    restraints = _restraints(unit, asked, policies, since)
    counted: Mapping[str, Counters] = {}
    if counting and len(asked) > _FEW:
        lone = _lone(asked, restraints)
        tallying = Tallying(policies, tight(capacity, wanted, policies), terms, now)
        counted = _counted(unit, lone, tallying, policies, now)
    rest = [
        one
        for one in asked
        if (counters := counted.get(one.contact_id)) is None or not has_room(policies.plan(one), counters)
    ]
    situations = _situations(unit, rest, restraints, policies, since, now)
    marks = [mark for mine in restraints.lists.values() for mark in mine]
    overrides = [mark for mine in restraints.overrides.values() for mark in mine]
    return Circumstances(situations, capacity, counted, marks, overrides)


def _restraints(unit: Unit, asked: Sequence[Contact], policies: PolicySet, since: int) -> _Restraints:
    customers = sorted({one.customer_id for one in asked})
    lists = unit.lists.marks(customers) if policies.lists else {}
    outcomes = unit.outcomes.marks(customers, policies.outcomes, since - policies.outcome_reach)
    return _Restraints(lists, outcomes, overrides_of(unit, lists, policies, since))


def overrides_of(
    unit: Unit, listed: Iterable[str], policies: PolicySet, since: int
) -> Mapping[str, Sequence[OverrideMark]]:
    """Return overrides of subscribers on a list, by customer id; nothing is read where no policy can be lifted."""
    customers = sorted(listed)
    return unit.overrides.marks(customers, since) if customers and policies.has_overridable else {}


def _lone(asked: Sequence[Contact], restraints: _Restraints) -> list[Contact]:
    """Return the requests that are the only one for their subscriber, whom no list and no outcome concerns."""
    requests = Counter(one.customer_id for one in asked)
    marked = restraints.lists.keys() | restraints.outcomes.keys()
    return [one for one in asked if requests[one.customer_id] == 1 and one.customer_id not in marked]


def _counted(
    unit: Unit, lone: Sequence[Contact], tallying: Tallying, policies: PolicySet, now: int
) -> dict[str, Counters]:
    # By subscriber, as the index of the ledger has them: neighbours lie on one page.
    near = sorted((one for one in lone if tallying.is_enough_for(one)), key=_CUSTOMER)
    tallies = unit.ledger.tallies(near, countings(policies), policies.rolling_reach, now)
    found = ((one.contact_id, tallying.counters(one, tallies.get(place, ()))) for place, one in enumerate(near))
    return {contact_id: counters for contact_id, counters in found if counters is not None}


def _situations(
    unit: Unit, asked: Sequence[Contact], restraints: _Restraints, policies: PolicySet, since: int, now: int
) -> dict[str, Situation]:
    customers = sorted({one.customer_id for one in asked})
    contacts = unit.ledger.live(customers, since - policies.reach, now)
    lists, outcomes, overrides = restraints
    return {
        one: Situation(contacts.get(one, ()), lists.get(one, ()), outcomes.get(one, ()), overrides.get(one, ()))
        for one in customers
    }


def buckets_of(asked: Sequence[Contact], policies: PolicySet, terms: Terms, now: int) -> list[Bucket]:
    """Return the operator's counters that the contacts fall on, one for each contact and policy."""
    if not policies.capacity:
        return []
    return [
        check.bucket(one.at) for one in asked if is_near(one, terms, now) for _, check in policies.plan(one).capacity
    ]


def is_near(one: Contact, terms: Terms, now: int) -> bool:
    """Tell whether the contact's time is one the calendar can place; others are refused."""
    return abs(one.at - now) < 2 * terms.horizon
