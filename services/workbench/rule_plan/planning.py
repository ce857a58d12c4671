"""Compare two versions of the rules over a base: counts of everybody, contacts estimated from a sample."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.workbench.customer_base import CustomerBase
from services.workbench.rule_plan.changes import Change, find_changes, find_edits
from services.workbench.rule_plan.contacts import Expected, expect
from services.workbench.rule_plan.counting import Counted, Tally, count
from services.workbench.rule_plan.report import (
    CampaignContacts,
    ContactEstimate,
    Direction,
    Effect,
    GroupCount,
    PlanReport,
    ReasonCount,
    Version,
)
from services.workbench.rule_plan.sampling import take_sample
from services.workbench.rule_plan.sides import Side
from services.workbench.rule_plan.wording import reason_of
from shared.kernel.text import Text

_NOBODY_KNOWS = Text("未知", "unknown")
_FOR_CONTACTS = frozenset({"conflicts", "contact_policy", "ranking", "campaigns", "catalogue", "vocabulary"})


@dataclass(frozen=True, slots=True)
class Wishes:
    """How a plan is to be told: sample ids of each gain and loss, whole or masked; subscribers to judge contacts by."""

    samples: int = 5
    show_ids: bool = False
    judged: int = 20_000


def make_plan(base: CustomerBase, before: tuple[str, Side], after: tuple[str, Side], wishes: Wishes) -> PlanReport:
    """Return what changes from one version (with its name) to the other for the subscribers of the base."""
    old, new = before[1], after[1]
    edits, changes = find_edits(old, new), find_changes(old, new)
    counted = count(base, old, new, changes)
    moved = any(edit.kind in _FOR_CONTACTS for edit in edits) or _moves(counted)
    return PlanReport(
        on=new.on.isoformat(),
        before=_version(*before, base),
        after=_version(*after, base),
        base=base.label,
        is_synthetic=base.is_synthetic,
        subscribers=counted.subscribers,
        refused_rows=base.refused,
        edits=edits,
        effects=[
            _effect(change, tally, old, new, wishes) for change, tally in zip(changes, counted.tallies, strict=True)
        ],
        contacts=_contacts(base, old, new, counted.subscribers, wishes) if moved and counted.subscribers else None,
    )


def mask(customer_id: str) -> str:
    """Return an id of which only the ends are told: a subscriber's id is personal data."""
    ends = 2
    return f"{customer_id[:ends]}…{customer_id[-ends:]}" if len(customer_id) > 3 * ends else "…"


def _moves(counted: Counted) -> bool:
    return any(tally.totals["gained"] or tally.totals["lost"] for tally in counted.tallies)


def _version(label: str, side: Side, base: CustomerBase) -> Version:
    lacks = base.lacks(side.book.vocabulary)
    return Version(label=label, rule_set=side.book.version, unknown_facts=lacks)


def _effect(change: Change, tally: Tally, before: Side, after: Side, wishes: Wishes) -> Effect:
    totals = tally.totals

    def sample(direction: Direction) -> list[str]:
        ids = sorted(tally.samples.get(direction, ()))[: wishes.samples]
        return ids if wishes.show_ids else [mask(one) for one in ids]

    return Effect(
        kind=change.kind,
        id=change.id,
        status=change.status,
        before=totals["kept"] + totals["lost"],
        after=totals["kept"] + totals["gained"],
        gained=totals["gained"],
        lost=totals["lost"],
        kept=totals["kept"],
        reasons=_reasons(change, tally, before, after),
        cities=_groups("city", tally.cities, after),
        brands=_groups("brand", tally.brands, after),
        gained_sample=sample("gained"),
        lost_sample=sample("lost"),
    )


def _reasons(change: Change, tally: Tally, before: Side, after: Side) -> list[ReasonCount]:
    found = []
    for (direction, place), subscribers in sorted(tally.reasons.items(), key=lambda each: (-each[1], each[0])):
        is_loss = direction == "lost"
        part = (change.after if is_loss else change.before)[place]
        said = reason_of(part, (after if is_loss else before).book)
        told: Direction = "lost" if is_loss else "gained"
        one = ReasonCount(
            direction=told, source=part.source, name=part.name, zh=said.zh, en=said.en, subscribers=subscribers
        )
        found.append(one)
    return found


def _groups(fact: str, counts: Mapping[tuple[str, str | None], int], side: Side) -> list[GroupCount]:
    labels = side.book.vocabulary[fact].values if fact in side.book.vocabulary else {}
    values = {value for _, value in counts}
    groups = []
    for value in sorted(values, key=lambda one: (one is None, one or "")):
        said = _NOBODY_KNOWS if value is None else labels.get(value, Text(value, value))
        gained, lost, kept = (counts.get((word, value), 0) for word in ("gained", "lost", "kept"))
        groups.append(GroupCount(value=value, zh=said.zh, en=said.en, gained=gained, lost=lost, kept=kept))
    return groups


def _contacts(base: CustomerBase, before: Side, after: Side, subscribers: int, wishes: Wishes) -> ContactEstimate:
    sample = take_sample(base, before, after, subscribers, wishes.judged)
    share = sample.judged / subscribers
    old = expect(before, [(one, one.before) for one in sample.members], share)
    new = expect(after, [(one, one.after) for one in sample.members], share)
    campaigns = [_campaign(name, old.get(name), new.get(name), share) for name in sorted(old.keys() | new.keys())]
    return ContactEstimate(
        judged=sample.judged,
        subscribers=subscribers,
        before=sum(one.contacts_before or 0 for one in campaigns),
        after=sum(one.contacts_after or 0 for one in campaigns),
        by_trigger=sorted(set(_by_trigger(before)) | set(_by_trigger(after))),
        campaigns=campaigns,
    )


def _by_trigger(side: Side) -> Iterator[str]:
    for name, plan in side.plans.items():
        yield from (f"{name}/{phase.phase}" for phase in plan.phases if phase.trigger is not None)


def _campaign(name: str, old: Expected | None, new: Expected | None, share: float) -> CampaignContacts:
    def whole(figure: int | None) -> int | None:
        return None if figure is None else round(figure / share)

    def held_back(one: Expected | None) -> dict[str, int]:
        counts = one.suppressed if one else Counter[str]()
        return {rule: round(figure / share) for rule, figure in sorted(counts.items())}

    return CampaignContacts(
        campaign=name,
        audience_before=whole(old.audience if old else None),
        audience_after=whole(new.audience if new else None),
        eligible_before=whole(old.eligible if old else None),
        eligible_after=whole(new.eligible if new else None),
        contacts_before=whole(old.contacts if old else None),
        contacts_after=whole(new.contacts if new else None),
        held_back_before=held_back(old),
        held_back_after=held_back(new),
    )
