"""Judge a batch of requests: the heart of governance, pure and exact.

Higher priority goes first, then contact id. A permitted request counts for those after it.
"""

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from services.governance.domain.checks import FOREVER, Bucket, Check, Standing
from services.governance.domain.contacts import NOTHING_KNOWN, Contact, Situation
from services.governance.domain.decisions import Decision, Finding, Judgement
from services.governance.domain.lifting import lifted_from
from services.governance.domain.policy_set import Plan, PolicySet
from services.governance.domain.refusals import PLANNED_IN_PAST, TEXTS, Terms, refusal
from services.governance.domain.restraints import ListCheck
from services.governance.domain.tallies import Counters, has_room
from shared.kernel.text import Text

NOTHING_COUNTED: Mapping[str, Counters] = {}
_MOST_STEPS = 2_000  # leaps from one policy's end to the next; 400 days of quiet nights are 400
_Answer = tuple[list[tuple[Check, int]], tuple[int | None, ...]]


def judge(
    requests: Sequence[Contact],
    situations: Mapping[str, Situation],
    policies: PolicySet,
    capacity: Mapping[Bucket, int],
    terms: Terms,
    now: int,
    counted: Mapping[str, Counters] = NOTHING_COUNTED,
) -> Judgement:
    """Return a decision for each request, in their order; `situations` by customer id, absent ones are blank.

    `requests` repeat no contact id. `capacity` holds the operator's counters from the earliest request on. `counted`
    are the counters of those, by contact id, against which only their subscriber's contacts can stand (see `tallies`);
    each is the only one for its subscriber, whose situation is needed only where a limit has no room.
    """
    return _Batch(policies, terms, now, _permitted_by, counted).run(requests, situations, capacity)


def screen(
    requests: Sequence[Contact], situations: Mapping[str, Situation], policies: PolicySet, terms: Terms, now: int
) -> Judgement:
    """Return decisions by list effects alone; limits, quiet hours and cooling-off are left aside."""
    return _Batch(policies, terms, now, _permitted_by_lists).run(requests, situations, {})


def restrain(
    requests: Sequence[Contact], situations: Mapping[str, Situation], policies: PolicySet, terms: Terms, now: int
) -> Judgement:
    """Return decisions by quiet hours, lists and cooling-off alone; limits are left aside."""
    return _Batch(policies, terms, now, _permitted_by_restraints).run(requests, situations, {})


def refuse(requests: Sequence[Contact], policies: PolicySet, code: str) -> Judgement:
    """Return suppressions for one reason of our own, for requests nobody can judge."""
    return Judgement([_refused(asked, policies, code, None) for asked in requests], {})


class _Batch:
    def __init__(
        self,
        policies: PolicySet,
        terms: Terms,
        now: int,
        answer: Callable[[Contact, Standing, Plan], _Answer],
        counted: Mapping[str, Counters] = NOTHING_COUNTED,
    ) -> None:
        self.policies, self.terms, self.now, self.answer, self.counted = policies, terms, now, answer, counted

    def run(
        self, requests: Sequence[Contact], situations: Mapping[str, Situation], capacity: Mapping[Bucket, int]
    ) -> Judgement:
        used = dict(capacity)
        standings: dict[str, Standing] = {}
        decisions: dict[int, Decision] = {}
        for _, _, place in sorted((-one.priority, one.contact_id, place) for place, one in enumerate(requests)):
            asked = requests[place]
            counters = self.counted.get(asked.contact_id)
            if counters is not None and has_room(self.policies.plan(asked), counters):
                decisions[place] = self._permitted(asked, counters, used)
                continue
            standing = standings.get(asked.customer_id)
            if standing is None:
                situation = situations.get(asked.customer_id, NOTHING_KNOWN)
                standing = standings[asked.customer_id] = Standing.of(situation, self.policies.mask, used)
                standing.counters = counters
            decisions[place] = self._one(asked, standing)
        return Judgement([decisions[place] for place in range(len(requests))], used)

    def _permitted(self, asked: Contact, counters: Counters, used: dict[Bucket, int]) -> Decision:
        capacity = self.policies.plan(asked).capacity
        if capacity:
            filled = list(counters)
            for place, check in capacity:
                bucket = check.bucket(asked.at)
                filled[place] = used.get(bucket, 0)
                used[bucket] = used.get(bucket, 0) + 1
            counters = tuple(filled)
        return Decision(asked, True, (), None, self.terms.expiry(asked), counters)

    def _one(self, asked: Contact, standing: Standing) -> Decision:
        code = refusal(asked, self.policies, self.terms, self.now)
        if code is not None:
            later = self._next_allowed(asked, standing, self.now) if code == PLANNED_IN_PAST else None
            return _refused(asked, self.policies, code, later)
        plan = self.policies.plan(asked)
        blocked, counters = self.answer(asked, standing, plan)
        if blocked:
            return self._suppressed(asked, standing, blocked, counters)
        insort(standing.points, (asked, plan.mask), key=_moment)
        for _, check in plan.capacity:
            bucket = check.bucket(asked.at)
            standing.capacity[bucket] = standing.capacity.get(bucket, 0) + 1
        lifted = lifted_from(asked, standing, plan.lists) if standing.overrides else ()
        return Decision(asked, True, (), None, self.terms.expiry(asked), counters, lifted)

    def _suppressed(
        self, asked: Contact, standing: Standing, blocked: list[tuple[Check, int]], counters: tuple[int | None, ...]
    ) -> Decision:
        findings = []
        for check, used in blocked:
            own_next = check.earliest(asked, standing, asked.at)
            text = _told(check, asked, standing, used)
            findings.append(Finding(check.policy.rule_id, check.policy.version, text, own_next))
        findings.sort(key=lambda finding: -FOREVER if finding.next_allowed_at is None else -finding.next_allowed_at)
        longest = findings[0].next_allowed_at
        later = None if longest is None else self._next_allowed(asked, standing, longest)
        return Decision(asked, False, tuple(findings), later, None, counters)

    def _next_allowed(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the first moment from `at` on that every policy permits at once; None within the horizon: never."""
        checks = self.policies.plan(asked).all
        latest = self.now + self.terms.horizon
        for _ in range(_MOST_STEPS):
            began = at
            for check in checks:
                found = check.earliest(asked, standing, at)
                if found is None or found > latest:
                    return None
                at = found
            if at == began:
                return at if self.policies.is_in_force(asked.zone, at) else None
        return None


def _permitted_by(asked: Contact, standing: Standing, plan: Plan) -> _Answer:
    """Return the checks that forbid the contact with what is used of them, and all counters."""
    at, counters = asked.at, plan.unused
    blocked: list[tuple[Check, int]] = []
    limits = plan.limits if standing.points or plan.is_forbidden else ()
    if limits or plan.capacity:
        used_up = list(counters if standing.counters is None else standing.counters)
        for place, check in limits if standing.counters is None else ():
            used_up[place] = check.used(asked, standing, at)
        for place, check in plan.capacity:
            used_up[place] = check.used(asked, standing, at)
        counters = tuple(used_up)
        blocked = [
            (check, used)
            for place, check in (*limits, *plan.capacity)
            if (used := counters[place] or 0) >= check.limit and check.in_force(asked.zone, at)
        ]
    return blocked + _restraints(asked, standing, plan), counters


def _permitted_by_restraints(asked: Contact, standing: Standing, plan: Plan) -> _Answer:
    return _restraints(asked, standing, plan), plan.unused


def _restraints(asked: Contact, standing: Standing, plan: Plan) -> list[tuple[Check, int]]:
    at = asked.at
    blocked: list[tuple[Check, int]] = []
    blocked += [(check, 0) for check in plan.quiet if check.earliest(asked, standing, at) != at]
    if standing.lists:
        blocked += [(check, 0) for check in plan.lists if check.earliest(asked, standing, at) != at]
    if standing.outcomes:
        blocked += [(check, 0) for check in plan.cooling if check.earliest(asked, standing, at) != at]
    return blocked


def _permitted_by_lists(asked: Contact, standing: Standing, plan: Plan) -> _Answer:
    blocked: list[tuple[Check, int]] = []
    if standing.lists:
        blocked += [(check, 0) for check in plan.lists if check.earliest(asked, standing, asked.at) != asked.at]
    return blocked, plan.unused


def _told(check: Check, asked: Contact, standing: Standing, used: int) -> str:
    because = check.policy.because
    if isinstance(check, ListCheck) and (mark := check.entry(asked, standing, asked.at)) is not None:
        return _filled(because, check.limit, used, asked.channel, mark.reason, mark.source)
    return _filled(because, check.limit, used, asked.channel)


@lru_cache(maxsize=4096)
def _filled(because: Text, limit: int, used: int, channel: str, reason: str = "", source: str = "") -> str:
    if "{" in because.zh or "{" in because.en:
        because = because.fill(limit=limit, used=used, channel=channel, reason=reason, source=source)
    return f"{because.zh} / {because.en}"


def _refused(asked: Contact, policies: PolicySet, code: str, later: int | None) -> Decision:
    text = TEXTS[code]
    finding = Finding(code, policies.version, f"{text.zh} / {text.en}", later)
    return Decision(asked, False, (finding,), later, None, tuple(None for _ in policies.limits))


def _moment(point: tuple[Contact, int]) -> int:
    return point[0].at
