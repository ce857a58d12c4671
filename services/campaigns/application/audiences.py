"""Audiences of due phases: frozen once each, then read side by side in order of subscriber."""

import logging
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.campaigns.application.ports import Background, CustomerView, RulesInForce
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.phase import OpenPhase
from services.campaigns.domain.plan import Plan
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery, Member
from shared.kernel.faults import Fault, Unavailable
from shared.kernel.identity import derive_id

_LOG = logging.getLogger(__name__)

FACTS = ("city", "products")
"""Facts every member is asked for: where it lives (breakdowns) and what it holds (conflicts, conversion)."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The members of one phase within the range of subscribers at hand."""

    phase: OpenPhase
    members: Sequence[Member]


class _Stream:
    """The members of one phase, a page in hand and the next one on its way."""

    def __init__(self, phase: OpenPhase, fetch: Callable[[str, str], Callable[[], AudiencePage]]) -> None:
        """`fetch` begins to ask for the page of an audience after a subscriber."""
        self.phase = phase
        self.members: list[Member] = []
        self._fetch = fetch
        self._coming = fetch(phase.audience_id, phase.judged_after) if phase.audience_id else None

    @property
    def is_over(self) -> bool:
        """True when no page follows the one in hand."""
        return self._coming is None

    def fill(self) -> None:
        """Take the next page into hand where the last one is used up, and send for the one after it."""
        if self._coming and not self.members:
            page = self._coming()
            self.members = page.members
            after = page.next_after
            self._coming = self._fetch(self.phase.audience_id or "", after) if after else None

    def take(self, upto: str) -> list[Member]:
        """Hand out the members up to a subscriber."""
        cut = bisect_right(self.members, upto, key=lambda member: member.customer_id)
        taken, self.members = self.members[:cut], self.members[cut:]
        return taken


def freeze_due(
    store: Store, view: CustomerView, rules: RulesInForce, plans: Mapping[str, Plan], moment: datetime
) -> tuple[int, int]:
    """Ask for the audience of every due phase; return how many phases that were, and their subscribers."""
    with store.read() as tx:
        due = [each for each in tx.phases.due(moment) if _may_open(each, plans, rules)]
        offerings = tx.replicas.offerings()
    opened = members = 0
    for phase in due:
        plan = plans[phase.campaign_id]
        span = None if plan.by_phase[phase.phase].trigger is None else (phase.starts_at, moment)
        audience = _frozen(view, phase, _query(plan, phase, rules, _checks(plan, offerings), span))
        if audience is None:
            continue
        with store.write() as tx:
            tx.phases.open_with(phase, audience)
        opened += 1
        members += audience.size
    return opened, members


def freeze_newcomers(
    store: Store, view: CustomerView, rules: RulesInForce, plans: Mapping[str, Plan], moment: datetime
) -> None:
    """Ask for the audience of every open phase whose trigger has fired for somebody who is not in the phase.

    Who is new is known from events, which come after the firing is stored: nobody is overlooked, and where nobody is
    new nothing is asked.
    """
    with store.write() as tx:
        tx.firings.forget(moment)
        phases = {(each.campaign_id, each.phase): each for each in tx.phases.open() if each.campaign_id in plans}
        named = {key: plans[key[0]].by_phase[key[1]].trigger for key in phases}
        triggers = {key: trigger for key, trigger in named.items() if trigger in rules.triggers}
        spans, offerings = tx.firings.newcomers(triggers, moment), tx.replicas.offerings()
    for key, span in sorted(spans.items()):
        plan = plans[key[0]]
        audience = _frozen(view, phases[key], _query(plan, phases[key], rules, _checks(plan, offerings), span))
        if audience is None:
            continue
        with store.write() as tx:
            tx.phases.open_with(phases[key], audience)


def _frozen(view: CustomerView, phase: OpenPhase, query: AudienceQuery) -> Audience | None:
    """Ask for an audience; None where the question itself is refused, which may change with the rules.

    A segment or rule that a plan names and that is gone keeps that phase from going on, and no other campaign.
    """
    try:
        return view.audience(query)
    except Fault as fault:
        if isinstance(fault, Unavailable) or fault.code == Fault.code:
            raise  # whatever was asked, there would be no answer
        named = phase.phase, phase.campaign_id, fault.code, fault.message
        _LOG.error("no audience for phase %s of %s: %s: %s", *named)
        return None


def _may_open(phase: OpenPhase, plans: Mapping[str, Plan], rules: RulesInForce) -> bool:
    """Tell whether there is a plan and, by trigger, a trigger: one that is gone keeps no other phase from opening."""
    if phase.campaign_id not in plans:
        return False
    trigger = plans[phase.campaign_id].by_phase[phase.phase].trigger
    return trigger is None or trigger in rules.triggers


def side_by_side(
    view: CustomerView, background: Background, phases: Sequence[OpenPhase], limit: int
) -> Iterator[tuple[str, Sequence[Slice]]]:
    """Read the members of all phases in step, in order of subscriber; at most two pages per phase are in memory.

    Yields (last subscriber of the range, each phase's members within the range): all members of a range are there.
    """

    def fetch(audience_id: str, after: str) -> Callable[[], AudiencePage]:
        return background.start(lambda: view.page(audience_id, after, limit))

    streams = [_Stream(phase, fetch) for phase in phases]
    while True:
        for stream in streams:
            stream.fill()
        waiting = [stream for stream in streams if stream.members]
        if not waiting:
            return
        # Whoever is beyond the shortest unfinished page may have members there that are not read yet.
        unfinished = [stream.members[-1].customer_id for stream in waiting if not stream.is_over]
        upto = min(unfinished) if unfinished else max(stream.members[-1].customer_id for stream in waiting)
        yield upto, [Slice(stream.phase, stream.take(upto)) for stream in waiting]


def _query(
    plan: Plan, phase: OpenPhase, rules: RulesInForce, checks: list[str], span: tuple[datetime, datetime] | None
) -> AudienceQuery:
    """Return what is asked for; `span` is that of a phase by trigger.

    The key of a later audience names the one before: at one instant a trigger may fire again and again.
    """
    spec = plan.by_phase[phase.phase]
    since, until = span or (None, None)
    round_of = [] if span is None else [phase.audience_id or "", *(each.isoformat() for each in span)]
    return AudienceQuery(
        audience_key=derive_id("audience", plan.campaign, phase.phase, rules.version, *round_of),
        segment=spec.segment,
        rule=None if spec.rule is None else dict(spec.rule),
        trigger=spec.trigger,
        since=since,
        until=until,
        checks=checks,
        facts=list(FACTS),
    )


def _checks(plan: Plan, offerings: Mapping[str, Offering]) -> list[str]:
    named = [offerings[each.offering] for each in plan.treatments if each.offering in offerings]
    return sorted({rule_id for offering in named for rule_id in offering.eligibility})
