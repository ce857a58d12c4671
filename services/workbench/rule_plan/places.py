"""Who of a sample is approached by which campaign with what: cells, treatments and conflicts, by its own domain."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from zoneinfo import ZoneInfo

from services.campaigns.adapters.eligibility import EligibilityJudge
from services.campaigns.adapters.rules import BookInForce
from services.campaigns.application.setting import Setting
from services.campaigns.domain.conflicts import Background, ConflictBook, Contender, Profile
from services.campaigns.domain.judgement import Option, PhaseJudge
from services.campaigns.domain.pacing import OPENS
from services.campaigns.domain.plan import ZONE, Phase, Plan, Treatment
from services.governance.domain.instants import to_micros
from services.workbench.rule_plan.sampling import Sampled, Seen
from services.workbench.rule_plan.sides import Side


@dataclass(slots=True, eq=False)
class Candidate:
    """A subscriber's place in one phase, and how far the treatment got; moments in microseconds."""

    customer_id: str
    plan: Plan
    phase: Phase
    treatment: Treatment
    score: float
    draw: int
    due_at: int
    ends_at: int
    step: int = 1
    attempt: int = 0
    rank: tuple[float, int, str, str] = field(init=False)
    """What campaigns asks by: the best first."""

    def __post_init__(self) -> None:
        self.rank = (-self.score, self.draw, self.plan.campaign, self.customer_id)


@dataclass(slots=True)
class Places:
    """Members of audiences by campaign, and those whom a treatment is left for."""

    audience: dict[str, int]
    candidates: list[Candidate]


def find_places(side: Side, members: Sequence[tuple[Sampled, Seen]]) -> Places:
    """Give every member its places, the phases in order of their first days, conflicts settled as they open."""
    rules = BookInForce(side.book, side.on, EligibilityJudge(side.book, share=0.0))
    weights = {name: (plan.priority, frozenset(plan.similar_to)) for name, plan in side.plans.items()}
    book = ConflictBook(rules.conflicts, side.offerings, weights, rules.ranking)
    moment = datetime.combine(side.on, OPENS, ZoneInfo(ZONE))
    causes = Setting(moment, side.plans, side.offerings, rules, book).causes()
    opening: dict[date, list[tuple[PhaseJudge, Phase]]] = defaultdict(list)
    for plan, phase in _phases(side):
        one = PhaseJudge(plan, phase.phase, catalogue=side.offerings, book=book, causes=causes)
        opening[phase.starts_on].append((one, phase))
    places = Places(dict.fromkeys(side.plans, 0), [])
    taken: dict[str, list[tuple[int, Profile]]] = defaultdict(list)
    for day in sorted(opening):
        for member, seen in members:
            asking = _asking(member, seen, opening[day], places)
            if asking:
                places.candidates += _settled(member, asking, taken[member.customer_id], book)
    return places


def _phases(side: Side) -> Iterator[tuple[Plan, Phase]]:
    for _, plan in sorted(side.plans.items()):
        for phase in plan.phases:
            yield plan, phase


def _asking(
    member: Sampled, seen: Seen, opening: Sequence[tuple[PhaseJudge, Phase]], places: Places
) -> list[tuple[Candidate, Option]]:
    """Return the phases that have a treatment for the member, before conflicts."""
    asking = []
    for judge, phase in opening:
        plan = judge.plan
        if (plan.campaign, phase.phase) not in seen.phases:
            continue
        places.audience[plan.campaign] += 1
        place, option = judge.judge(member.customer_id, seen.failed, member.products or (), member.city)
        if option is not None and place.due_at is not None:
            due_at, ends_at = to_micros(place.due_at), to_micros(plan.ends_at(phase))
            one = Candidate(member.customer_id, plan, phase, option.treatment, place.score, place.draw, due_at, ends_at)
            asking.append((one, option))
    return asking


def _settled(
    member: Sampled, asking: list[tuple[Candidate, Option]], taken: list[tuple[int, Profile]], book: ConflictBook
) -> Iterator[Candidate]:
    """Yield those who keep their place beside one another and beside places taken before."""
    contenders = [
        Contender(option.profile, one.phase.phase, one.score) for one, option in asking if option.profile is not None
    ]
    first = asking[0][0]
    starts_at = first.plan.starts_at(first.phase)
    background = Background(
        tuple(profile for ends_at, profile in taken if ends_at > to_micros(starts_at)), member.products
    )
    lost = book.settle(contenders, background, starts_at)
    for number, (one, _) in enumerate(asking):
        if number not in lost:
            taken.append((one.ends_at, contenders[number].profile))
            yield one
