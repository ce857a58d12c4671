"""Counting in the store: what one statement can count for many requests, and which requests that settles at once.

If all of a subscriber's contacts that a rolling limit counts lie before the moment asked for, or all after it, then
one interval holds all of them that are within the span, and a plain count says what `judgement` would; for a calendar
unit it always does. Most requests of a campaign are like that and nothing forbids them: their counters are all there is
to know. All others are judged from the subscriber's whole situation, which says why, and until when.
"""

from collections.abc import Collection, Mapping
from typing import NamedTuple

from services.governance.domain.calendar import CalendarUnit
from services.governance.domain.checks import Bucket, Standing
from services.governance.domain.contacts import Contact
from services.governance.domain.limits import CalendarCheck, RollingCheck
from services.governance.domain.policies import Per, Scope
from services.governance.domain.policy_set import Plan, PolicySet
from services.governance.domain.refusals import Terms, refusal

_NOBODY = Standing([], (), (), {})
_SAME: Mapping[Per, str | None] = {
    "customer": None,
    "customer_channel": "channel",
    "customer_category": "category",
    "customer_campaign": "campaign_id",
    "customer_purpose": "purpose",
    "offering": "offering_id",
}

Tally = tuple[int, ...]
"""Live contacts per countable limit, in the order of `countings`."""

Counters = tuple[int | None, ...]
"""In the order of the policy set's limits; those of capacity are not filled in yet. None: not concerned."""


class Counting(NamedTuple):
    """How one limit counts: contacts in scope, the same in one field, within `span` of a moment or in its `unit`."""

    place: int
    """Of its counter among those of the policy set's limits."""
    scope: Scope
    same: str | None
    span: int
    unit: CalendarUnit | None


def countings(policies: PolicySet) -> tuple[Counting, ...]:
    """Return how each limit counts that a plain count can tell: those always in force, by one field of a request."""
    found = []
    for place, check in enumerate(policies.limits):
        if not check.is_permanent:
            continue
        if isinstance(check, RollingCheck) and check.policy.per in _SAME:
            found.append(Counting(place, check.policy.scope, _SAME[check.policy.per], check.policy.span, None))
        elif isinstance(check, CalendarCheck):
            found.append(Counting(place, check.policy.scope, _SAME[check.policy.per], 0, check.policy.unit))
    return tuple(found)


class Tallying:
    """Tells of which requests a tally is all there is to know, and what it says; one for a batch.

    Lists, outcomes and other requests for the same subscriber are for the caller to look at: with any of them, a
    request must be judged.
    """

    def __init__(self, policies: PolicySet, tight: Collection[Bucket], terms: Terms, now: int) -> None:
        """Prepare it; `tight` are the operator's counters that have no room for all requests of the batch."""
        self._policies, self._terms, self._now, self._tight = policies, terms, now, tight
        self._order = {counting.place: number for number, counting in enumerate(countings(policies))}
        self._countable: dict[int, bool] = {}

    def is_enough_for(self, asked: Contact) -> bool:
        """Tell whether nothing but the subscriber's own contacts can stand against the request."""
        if refusal(asked, self._policies, self._terms, self._now) is not None:
            return False
        plan = self._policies.plan(asked)
        return (
            self._is_countable(plan)
            and not asked.similar_to
            and all(check.bucket(asked.at) not in self._tight for _, check in plan.capacity)
            and all(check.earliest(asked, _NOBODY, asked.at) == asked.at for check in plan.quiet)
        )

    def counters(self, asked: Contact, tally: Tally | None) -> Counters | None:
        """Return the counters of a request for which a tally is enough, or None where a count does not tell.

        An empty tally is a subscriber without live contacts.
        """
        plan = self._policies.plan(asked)
        if not tally:
            return None if tally is None else plan.unused
        counters = list(plan.unused)
        for place, _ in plan.limits:
            if place in self._order:
                counters[place] = tally[self._order[place]]
        return tuple(counters)

    def _is_countable(self, plan: Plan) -> bool:
        known = self._countable.get(plan.mask)
        if known is None:
            # A limit on similar campaigns counts nothing where neither side names any, and no other comes this far.
            known = not plan.is_forbidden and all(
                place in self._order or (check.is_permanent and isinstance(check, RollingCheck))
                for place, check in plan.limits
            )
            self._countable[plan.mask] = known
        return known


def has_room(plan: Plan, counters: Counters) -> bool:
    """Tell whether every limit has room; the operator's counters are not looked at."""
    return all((counters[place] or 0) < check.limit for place, check in plan.limits)


def tight(capacity: Mapping[Bucket, int], wanted: Mapping[Bucket, int], policies: PolicySet) -> set[Bucket]:
    """Return the operator's counters that have no room for all that is wanted of them."""
    limits = {check.policy.rule_id: check.limit for check in policies.capacity}
    return {bucket for bucket, count in wanted.items() if capacity.get(bucket, 0) + count > limits[bucket[0]]}
