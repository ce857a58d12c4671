"""Judge reservations again before they are used: each against the others, without itself.

Higher priority is judged first, so where a limit was lowered the lowest goes (of equals the highest contact id), and
exactly as many stay as the limit allows. Limits are judged at the planned moment. Who is contacted later than planned
is restrained (quiet hours, lists, cooling-off) at that later moment as well; whom only quiet hours hold back, and not
beyond the life of the reservation, keeps the place and is contacted after them.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from services.governance.domain.calendar import zone_named
from services.governance.domain.checks import Bucket, Standing
from services.governance.domain.contacts import NOTHING_KNOWN, Contact, Situation
from services.governance.domain.decisions import Decision, Finding, Judgement
from services.governance.domain.judgement import judge, refuse, restrain
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import NOT_AT_THIS_HOUR, TEXTS, Terms, refusal

_NOBODY = Standing([], (), (), {})


class Rejudged(NamedTuple):
    """What became of reservations: `undecided` could not be judged and keep their places; counters as afterwards."""

    stays: list[Decision]
    withdrawn: list[Decision]
    undecided: list[Decision]
    capacity: Mapping[Bucket, int]


def rejudge(
    reserved: Sequence[Contact],
    situations: Mapping[str, Situation],
    policies: PolicySet,
    capacity: Mapping[Bucket, int],
    terms: Terms,
    now: int,
) -> Rejudged:
    """Judge live reservations anew; `situations` and `capacity` are as `judge` takes them, the reservations included.

    Of those that no longer hold, `next_allowed_at` is a moment from `now` on.
    """
    undecided = [
        made
        for asked in reserved
        if (code := refusal(asked, policies, terms, now)) is not None
        for made in refuse([asked], policies, code).decisions
    ]
    standing = {made.contact.contact_id for made in undecided}
    judged = [asked for asked in reserved if asked.contact_id not in standing]
    without = _without(situations, {asked.contact_id for asked in judged})
    used = _freed(capacity, judged, policies)
    restrained = _restrained_now(judged, without, policies, terms, now)
    waiting = _waiting(judged, restrained, policies, terms)
    rest = [asked for asked in judged if asked.contact_id in waiting or asked.contact_id not in restrained]
    judgement = judge(rest, without, policies, used, terms, now)
    kept = [made for made in judgement.decisions if made.is_permitted]
    stays = [made for made in kept if made.contact.contact_id not in waiting]
    undecided += [waiting[made.contact.contact_id] for made in kept if made.contact.contact_id in waiting]
    gone = [made for made in judgement.decisions if not made.is_permitted]
    gone += [
        restrained[asked.contact_id]._replace(contact=asked)
        for asked in judged
        if asked.contact_id in restrained and asked.contact_id not in waiting
    ]
    after = _with(without, [made.contact for made in kept])
    withdrawn = [_told_from_now_on(made, after, policies, judgement, terms, now) for made in gone]
    return Rejudged(stays, withdrawn, undecided, judgement.capacity)


def is_calm(asked: Contact, policies: PolicySet, now: int) -> bool:
    """Tell whether nothing but the passing of time can forbid a contact, permitted when planned, at a later `now`.

    Quiet hours are looked at. Cooling-off and list entries that had begun only end; those that begin meanwhile are the
    caller's to find. A policy that comes into force, or ends, between the two moments makes the answer no.
    """
    if now <= asked.at:
        return True
    if zone_named(asked.zone) is None:
        return False
    plan = policies.plan(asked)
    has_changed = any(check.in_force(asked.zone, asked.at) != check.in_force(asked.zone, now) for check in plan.all)
    return not has_changed and all(check.earliest(asked, _NOBODY, now) == now for check in plan.quiet)


def _without(situations: Mapping[str, Situation], taken_out: set[str]) -> dict[str, Situation]:
    return {
        customer: each._replace(contacts=[one for one in each.contacts if one.contact_id not in taken_out])
        for customer, each in situations.items()
    }


def _with(situations: Mapping[str, Situation], stays: Sequence[Contact]) -> dict[str, Situation]:
    found = dict(situations)
    for one in stays:
        each = found.get(one.customer_id, NOTHING_KNOWN)
        found[one.customer_id] = each._replace(contacts=[*each.contacts, one])
    return found


def _freed(capacity: Mapping[Bucket, int], judged: Sequence[Contact], policies: PolicySet) -> dict[Bucket, int]:
    used = dict(capacity)
    for asked in judged:
        for _, check in policies.plan(asked).capacity:
            bucket = check.bucket(asked.at)
            used[bucket] = max(used.get(bucket, 0) - 1, 0)
    return used


def _restrained_now(
    judged: Sequence[Contact], situations: Mapping[str, Situation], policies: PolicySet, terms: Terms, now: int
) -> dict[str, Decision]:
    late = [asked._replace(at=now) for asked in judged if asked.at < now]
    made = restrain(late, situations, policies, terms, now).decisions
    return {one.contact.contact_id: one for one in made if not one.is_permitted}


def _waiting(
    judged: Sequence[Contact], restrained: Mapping[str, Decision], policies: PolicySet, terms: Terms
) -> dict[str, Decision]:
    """Return the answers to those who are late and need only wait for the end of quiet hours, by contact id."""
    found = {}
    for asked in judged:
        made = restrained.get(asked.contact_id)
        quiet = {check.policy.rule_id for check in policies.plan(asked).quiet}
        if made is None or not all(finding.rule_id in quiet for finding in made.findings):
            continue
        until = made.findings[0].next_allowed_at
        if until is not None and until < terms.expiry(asked):
            text = TEXTS[NOT_AT_THIS_HOUR]
            not_now = Finding(NOT_AT_THIS_HOUR, policies.version, f"{text.zh} / {text.en}", until)
            findings = (not_now, *made.findings)
            found[asked.contact_id] = made._replace(contact=asked, findings=findings, next_allowed_at=until)
    return found


def _told_from_now_on(
    made: Decision,
    after: Mapping[str, Situation],
    policies: PolicySet,
    judgement: Judgement,
    terms: Terms,
    now: int,
) -> Decision:
    """Say when the contact becomes possible of one that is late already: no moment that has passed helps anybody."""
    if made.contact.at >= now or made.next_allowed_at is None:
        return made
    [again] = judge([made.contact._replace(at=now)], after, policies, judgement.capacity, terms, now).decisions
    return made._replace(next_allowed_at=now if again.is_permitted else again.next_allowed_at)
