"""How many contacts to expect under one version of the rules: a sample lived through day by day, by the real domain.

Who is approached is campaigns' own judgement, every contact is judged by governance's policies in order of rank, and
answers are drawn from the plans' assumptions by a hash of (subscriber, campaign, step), so that two versions differ
only by the rules. Pace, budget and capacity are cut to the sample's share. Nobody has been contacted before the first
day and nobody is on a list: the base does not know.
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from heapq import merge
from math import floor, inf
from operator import attrgetter
from zoneinfo import ZoneInfo

from services.campaigns.domain.likeness import similar_campaigns
from services.campaigns.domain.pacing import CLOSES, OPENS
from services.campaigns.domain.plan import ZONE, Step
from services.governance.application.policies import policy_set
from services.governance.domain.checks import Bucket
from services.governance.domain.contacts import Contact, OutcomeMark, Situation
from services.governance.domain.instants import HOUR, to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.policies import CapacityLimit, Policy
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from services.workbench.rule_plan.places import Candidate, find_places
from services.workbench.rule_plan.sampling import Sampled, Seen
from services.workbench.rule_plan.sides import Side
from shared.contracts.wire import CHANNELS
from shared.kernel.identity import unit_interval
from shared.rulekit.model import RuleBook

_TERMS = Terms(channels=frozenset(CHANNELS))
_MOST_ATTEMPTS = 10  # as campaigns does it
_MOST_DAYS = 400
_HOURS = CLOSES.hour - OPENS.hour
_Line = tuple[str, str]  # campaign, channel
_Kind = tuple[str, str, str]  # campaign, channel, purpose: the operator's capacity treats these alike


@dataclass(slots=True)
class Expected:
    """One campaign in the sample."""

    audience: int = 0
    eligible: int = 0
    """Members with a treatment left after eligibility and conflicts, control aside."""
    contacts: int = 0
    suppressed: Counter[str] = field(default_factory=Counter)
    """Attempts that were suppressed, by the policy that suppressed longest."""


def expect(side: Side, members: Sequence[tuple[Sampled, Seen]], share: float) -> dict[str, Expected]:
    """Return what to expect of each campaign among the members, who are `share` of the base; not scaled up."""
    places = find_places(side, members)
    found = {name: Expected(audience=count) for name, count in places.audience.items()}
    for one in places.candidates:
        found[one.plan.campaign].eligible += 1
    _Calendar(side, share, found).live_through([one for one in places.candidates if one.treatment.steps])
    return found


@dataclass(slots=True)
class _Known:
    """What governance would know of one subscriber."""

    contacts: list[Contact] = field(default_factory=list)
    outcomes: list[OutcomeMark] = field(default_factory=list)


class _Calendar:
    def __init__(self, side: Side, share: float, found: dict[str, Expected]) -> None:
        self._side, self._share, self._found = side, share, found
        self._policies = _cut_to(side.book, share)
        self._capacity: Mapping[Bucket, int] = {}
        self._known: dict[str, _Known] = defaultdict(_Known)
        self._lines: dict[_Line, list[Candidate]] = defaultdict(list)
        self._room: dict[_Line, float] = {}
        self._full: dict[_Kind, tuple[str, int]] = {}
        similar = similar_campaigns({name: plan.similar_to for name, plan in side.plans.items()})
        self._similar = {name: tuple(others) for name, others in similar.items()}
        self._capacities = {check.policy.rule_id for check in self._policies.capacity}
        self._purses = {
            name: inf if plan.budget_fen is None else plan.budget_fen * share for name, plan in side.plans.items()
        }

    def live_through(self, candidates: Sequence[Candidate]) -> None:
        """Make every contact that pace, budget and policies permit, day after day."""
        if not candidates:
            return
        for one in candidates:
            self._queue(one)
        day = min(one.phase.starts_on for one in candidates)
        last = min(max(one.phase.ends_on for one in candidates), day + timedelta(days=_MOST_DAYS))
        number = 0
        while day <= last:
            self._live_a_day(day, number)
            day, number = day + timedelta(days=1), number + 1

    def _queue(self, one: Candidate) -> None:
        step = one.treatment.step(one.step)
        if step is not None:
            self._lines[one.plan.campaign, step.channel].append(one)

    def _live_a_day(self, day: date, number: int) -> None:
        opens, closes = (to_micros(datetime.combine(day, hour, ZoneInfo(ZONE))) for hour in (OPENS, CLOSES))
        due: dict[_Line, list[Candidate]] = {}
        self._capacity, self._full = {}, {}
        for line, waiting in self._lines.items():
            alive = [one for one in waiting if one.ends_at > opens]
            due[line] = sorted((one for one in alive if one.due_at < closes), key=attrgetter("rank"))
            self._lines[line] = [one for one in alive if one.due_at >= closes]
            self._room[line] = self._pace(line, number)
        span = closes - opens
        width = {line: span // max(_HOURS, int(min(self._room[line], len(due[line])))) for line in due}
        # A sample's few contacts would all fall into the first hour: each line begins the day at a place of its own.
        slot = {line: int(unit_interval("slot", *line, day.isoformat()) * span) for line in due}
        # A line hands out its next only after its last was decided: so it knows whether there is room.
        for line, one in merge(*(self._tries(line, due[line]) for line in due), key=lambda pair: pair[1].rank):
            self._try(line, one, max(opens + slot[line] % span, one.due_at), closes)
            slot[line] += width[line]

    def _tries(self, line: _Line, due: Sequence[Candidate]) -> Iterator[tuple[_Line, Candidate]]:
        for place, one in enumerate(due):
            if self._room[line] < 1:
                self._lines[line] += due[place:]
                return
            yield line, one

    def _pace(self, line: _Line, number: int) -> float:
        """Return how many contacts the plan's pace permits on this day: whole ones, their sum cut to the share."""
        pace = self._side.plans[line[0]].pace.get(line[1])
        if pace is None:
            return inf
        daily = pace * self._share
        return floor((number + 1) * daily + 1e-9) - floor(number * daily + 1e-9)

    def _try(self, line: _Line, one: Candidate, at: int, closes: int) -> None:
        step = one.treatment.step(one.step)
        if step is None or at >= one.ends_at or self._purses[line[0]] < step.cost_fen:
            return
        full = self._full.get((*line, step.purpose))
        if full is not None:
            self._postpone(one, *full)
            return
        asked = self._contact(one, step, at)
        known = self._known[one.customer_id]
        situation = {one.customer_id: Situation(known.contacts, (), known.outcomes)}
        answer = judge([asked], situation, self._policies, self._capacity, _TERMS, at - HOUR)
        (decision,) = answer.decisions
        if decision.is_permitted:
            self._capacity = answer.capacity
            self._found[line[0]].contacts += 1
            self._room[line] -= 1
            self._purses[line[0]] -= step.cost_fen
            known.contacts.append(asked)
            self._answer(one, step, asked, known)
            return
        first = decision.findings[0]
        if first.rule_id in self._capacities and first.next_allowed_at is not None and first.next_allowed_at >= closes:
            self._full[*line, step.purpose] = first.rule_id, first.next_allowed_at
        self._postpone(one, first.rule_id, decision.next_allowed_at)

    def _postpone(self, one: Candidate, rule_id: str, later: int | None) -> None:
        """Try again when the policies permit, as campaigns does: unless that is too late or was tried too often."""
        self._found[one.plan.campaign].suppressed[rule_id] += 1
        one.attempt += 1
        if later is not None and later < one.ends_at and one.attempt < _MOST_ATTEMPTS:
            one.due_at = later
            self._queue(one)

    def _contact(self, one: Candidate, step: Step, at: int) -> Contact:
        offering = self._side.offerings[one.treatment.offering]
        return Contact(
            f"{one.plan.campaign}/{one.phase.phase}/{one.step}/{one.attempt}",
            one.customer_id,
            step.channel,
            one.plan.campaign,
            offering.offering_id,
            offering.category,
            step.purpose,
            "outbound",
            at,
            one.plan.zone,
            similar_to=self._similar.get(one.plan.campaign, ()),
        )

    def _answer(self, one: Candidate, step: Step, made: Contact, known: _Known) -> None:
        """Draw what came of a contact; queue the next step where it follows from it."""
        outcome = "no_answer"
        drawn = unit_interval("plan", one.customer_id, made.campaign_id, str(one.step))
        for word, chance in one.plan.propensity(step.channel, made.offering_id).items():
            if drawn < chance:
                outcome = word
                break
            drawn -= chance
        if outcome in self._policies.outcomes:
            mark = OutcomeMark(one.customer_id, outcome, made.at, made.campaign_id, made.offering_id, made.category)
            known.outcomes.append(mark)
        after = one.treatment.step(one.step + 1)
        if after is not None and outcome in after.when:
            one.step, one.attempt, one.due_at = one.step + 1, 0, made.at + after.after_hours * HOUR
            self._queue(one)


def _cut_to(book: RuleBook, share: float) -> PolicySet:
    """Return the policies with the operator's capacity cut to a share of it, at least one contact."""

    def cut(policy: Policy) -> Policy:
        if isinstance(policy, CapacityLimit) and policy.limit > 0:
            return replace(policy, limit=max(1, round(policy.limit * share)))
        return policy

    return PolicySet(book.version, [cut(check.policy) for check in policy_set(book).checks])
