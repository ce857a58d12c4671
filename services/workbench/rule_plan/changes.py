"""Which rules, segments and offerings may hold for other subscribers than before: found without looking at any."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from services.workbench.rule_plan.sides import Side
from shared.rulekit.facts import facts_of, segments_of
from shared.rulekit.model import All, Condition, Rule, RuleBook

Kind = Literal["segment", "eligibility", "offering"]
Status = Literal["changed", "added", "removed"]
Source = Literal["condition", "rival", "rule", "absent", "not_in_force"]


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that must be so: the condition true, or (for a rival segment) not true; no condition: it never is.

    `name` is the rule or segment it comes from.
    """

    source: Source
    name: str
    condition: Condition | None
    wanted: bool = True


@dataclass(frozen=True, slots=True)
class Change:
    """Something whose holding for a subscriber may differ; it holds when all parts do, and fails by the first."""

    kind: Kind
    id: str
    status: Status
    before: tuple[Part, ...]
    after: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """A rule file whose content differs, whether or not anybody is affected."""

    kind: str
    id: str
    status: Status


def find_changes(before: Side, after: Side) -> list[Change]:
    """Return what may hold for others than before: segments, eligibility rules, offerings, each in order of id."""
    found = []
    readers: tuple[tuple[Kind, Callable[[Side, str], tuple[Part, ...]], Callable[[Side], Iterable[str]]], ...] = (
        ("segment", _segment, lambda side: side.book.segments),
        ("eligibility", _eligibility, lambda side: side.book.eligibility),
        ("offering", _offering, lambda side: side.offerings),
    )
    for kind, parts_of, ids_of in readers:
        there, here = set(ids_of(before)), set(ids_of(after))
        for name in sorted(there | here):
            old, new = parts_of(before, name), parts_of(after, name)
            if _meaning(old, before.book) != _meaning(new, after.book):
                found.append(Change(kind, name, _status(name in there, name in here), old, new))
    return found


def find_edits(before: Side, after: Side) -> list[Edit]:
    """Return every rule, fact, offering and campaign whose content differs, by kind and id."""
    pairs: tuple[tuple[str, Mapping[str, object], Mapping[str, object]], ...] = (
        ("vocabulary", before.book.vocabulary.facts, after.book.vocabulary.facts),
        ("events", before.book.events, after.book.events),
        ("segments", _versions(before.book.segments), _versions(after.book.segments)),
        ("eligibility", _versions(before.book.eligibility), _versions(after.book.eligibility)),
        ("conflicts", _versions(before.book.conflicts), _versions(after.book.conflicts)),
        ("contact_policy", _versions(before.book.contact_policies), _versions(after.book.contact_policies)),
        ("triggers", _versions(before.book.triggers), _versions(after.book.triggers)),
        ("ranking", _versions(before.book.ranking), _versions(after.book.ranking)),
        ("catalogue", before.offerings, after.offerings),
        ("campaigns", before.plans, after.plans),
    )
    return [edit for kind, there, here in pairs for edit in _edits(kind, there, here)]


def _edits(kind: str, there: Mapping[str, object], here: Mapping[str, object]) -> Iterator[Edit]:
    for name in sorted(there.keys() | here.keys()):
        if name not in there or name not in here or there[name] != here[name]:
            yield Edit(kind, name, _status(name in there, name in here))


def _versions(rules: Mapping[str, Rule]) -> dict[str, object]:
    return {name: rule.version for name, rule in rules.items()}


def _status(there: bool, here: bool) -> Status:
    return "changed" if there and here else "added" if here else "removed"


def _eligibility(side: Side, name: str) -> tuple[Part, ...]:
    rule = side.book.eligibility.get(name)
    if rule is None:
        return (Part("absent", name, None),)
    if not rule.valid_for.covers(side.on):
        return (Part("not_in_force", name, None),)
    return tuple(Part("condition", name, each) for each in _split(rule.when))


def _segment(side: Side, name: str) -> tuple[Part, ...]:
    rule = side.book.segments.get(name)
    if rule is None:
        return (Part("absent", name, None),)
    if not rule.valid_for.covers(side.on):
        return (Part("not_in_force", name, None),)
    own = tuple(Part("condition", name, each) for each in _split(rule.when))
    rivals = side.book.segments_before(name, side.on)
    return own + tuple(Part("rival", one.id, one.when, wanted=False) for one in rivals)


def _offering(side: Side, name: str) -> tuple[Part, ...]:
    if name not in side.offerings:
        return (Part("absent", name, None),)
    rules = side.book.eligibility
    return tuple(Part("rule", one, side.condition(rules[one])) for one in side.granted_by(name))


def _split(condition: Condition) -> tuple[Condition, ...]:
    """Return the parts of an `all`, those of an `all` within it included: true together exactly when it is."""
    if isinstance(condition, All):
        return tuple(one for part in condition.parts for one in _split(part))
    return (condition,)


def _meaning(parts: tuple[Part, ...], book: RuleBook) -> object:
    """Return everything the parts' holding depends on, apart from the subscriber."""
    conditions = [part.condition for part in parts if part.condition is not None]
    facts = {fact for each in conditions for fact in facts_of(each, book)}
    segments = _reached(conditions, book)
    return (
        tuple((part.source, part.condition, part.wanted) for part in parts),
        {name: (book.vocabulary[name].type, book.vocabulary[name].column) for name in facts},
        {name: (book.segments[name].when, book.segments[name].valid_for, rivals) for name, rivals in segments.items()},
    )


def _reached(conditions: Iterable[Condition], book: RuleBook) -> dict[str, tuple[str, ...]]:
    """Return the segments that conditions name, directly or not, each with those before it in its class."""
    found: dict[str, tuple[str, ...]] = {}
    waiting = [name for each in conditions for name in segments_of(each)]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        rule = book.segment(name)
        class_of = book.classes[rule.classifies] if rule.classifies is not None else (name,)
        found[name] = class_of[: class_of.index(name)]
        waiting += [*found[name], *segments_of(rule.when)]
    return found
