"""What the patterns of triggers mean: one subscriber's events, counted up to an instant.

This is the reference; it is also what the event store uses, so that one event has one meaning. Rules of all patterns:

- Both ends of a span belong to it. An event later than the instant does not count yet.
- Where one event must follow another, it is strictly later: of two at the same instant neither follows the other.
- An event of a type the vocabulary does not know matches nothing. A `where` that is unknown does not match; its day
  of judgement is the event's own day, so that a match does not depend on when somebody looks.
- Days are counted in the zone of the instant.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from functools import lru_cache

from shared.rulekit.facts import Facts, InvalidFact, check_facts
from shared.rulekit.model import (
    AbsencePattern,
    CountPattern,
    EventMatch,
    Pattern,
    RuleBook,
    SequencePattern,
    TriggerRule,
)
from shared.rulekit.reference import evaluate
from shared.rulekit.vocabulary import Vocabulary

LINGER = timedelta(days=7)
"""How much longer than it must last an absence is looked for: so late may whoever looks for it come."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one subscriber, at an aware instant."""

    type: str
    at: datetime
    attributes: Facts = field(default_factory=dict)


def window(pattern: Pattern, events: Iterable[Event], *, at: datetime, book: RuleBook) -> int:
    """Return the number of matching events of a count; 1 or 0 for a sequence or an absence, seen or not seen.

    The order of the events does not matter. `at` is aware.
    """
    match pattern:
        case CountPattern(match=wanted, within=within):
            return len(_instants(wanted, events, book, at - within, at))
        case SequencePattern(steps=steps, within=within):
            return _sequence(steps, list(events), book, at - within, at)
        case AbsencePattern():
            begun = _began(pattern, list(events), book, at)
            return int(begun is not None and begun <= at - pattern.span)


def trigger_facts(
    rules: Iterable[TriggerRule], events: Sequence[Event], *, at: datetime, book: RuleBook
) -> dict[str, int]:
    """Return the window fact of each trigger, by the fact's name."""
    return {rule.window_fact.name: window(rule.pattern, events, at=at, book=book) for rule in rules}


def fires(
    rule: TriggerRule,
    events: Sequence[Event],
    facts: Facts,
    *,
    at: datetime,
    last_fired_at: datetime | None,
    book: RuleBook,
) -> bool:
    """Tell whether a trigger fires for a subscriber with these events and facts.

    `last_fired_at` is None for one for whom it never fired. Raises InvalidFact for a fact the vocabulary forbids.
    """
    if not may_fire(rule, at=at, last_fired_at=last_fired_at):
        return False
    known = {**facts, **trigger_facts([rule], events, at=at, book=book)}
    return evaluate(rule.condition, known, book=with_windows(book), on=at.date()) is True


def may_fire(rule: TriggerRule, *, at: datetime, last_fired_at: datetime | None) -> bool:
    """Tell whether the rule is in force that day and it is long enough since it fired."""
    if not rule.valid_for.covers(at.date()):
        return False
    if last_fired_at is None:
        return True
    return rule.again_after is not None and at > last_fired_at and at - last_fired_at >= rule.again_after


def next_look(
    rule: TriggerRule, events: Sequence[Event], *, at: datetime, last_fired_at: datetime | None, book: RuleBook
) -> datetime | None:
    """Return the first instant after `at` at which the rule may come to fire though no event arrives; None for never.

    Instants are in the zone of `at`. Facts are taken to stay as they are.
    """
    if last_fired_at is not None and rule.again_after is None:
        return None
    named = {match.event for match in _matches_of(rule.pattern)}
    instants = [event.at for event in events if event.type in named]  # those yet to come will count then
    if isinstance(rule.pattern, AbsencePattern):
        begun = _began(rule.pattern, list(events), book, at)
        if begun is not None:
            instants.append(begun + rule.pattern.span)
    if last_fired_at is not None and rule.again_after is not None:
        instants.append(last_fired_at + rule.again_after)
    if rule.valid_for.start is not None:
        instants.append(datetime.combine(rule.valid_for.start, time(), at.tzinfo))
    later = [instant for instant in instants if instant > at]
    return min(later).astimezone(at.tzinfo) if later else None


@lru_cache(maxsize=16)
def lookback(book: RuleBook) -> Mapping[str, timedelta]:
    """Return, for each type of event that triggers name, how far back any of them looks.

    An absence is looked for until it may have fired a second time, and `LINGER` longer. Whoever sees the event that
    began one sees what ended it.
    """
    longest: dict[str, timedelta] = {}
    for rule in book.triggers.values():
        if isinstance(rule.pattern, AbsencePattern):
            span = rule.pattern.span + (rule.again_after or timedelta()) + LINGER
        else:
            span = rule.pattern.within
        for match in _matches_of(rule.pattern):
            longest[match.event] = max(span, longest.get(match.event, span))
    absences = [rule.pattern for rule in book.triggers.values() if isinstance(rule.pattern, AbsencePattern)]
    while short := [one for one in absences if longest[one.without.event] < longest[one.after.event]]:
        longest |= {one.without.event: longest[one.after.event] for one in short}
    return longest


@lru_cache(maxsize=16)
def with_windows(book: RuleBook) -> RuleBook:
    """Return the book with the window facts of its triggers in the vocabulary: the one their conditions speak."""
    windows = {rule.window_fact.name: rule.window_fact for rule in book.triggers.values()}
    return replace(book, vocabulary=Vocabulary({**book.vocabulary.facts, **windows}, book.vocabulary.version))


def attributes_of(book: RuleBook, event_type: str) -> Vocabulary:
    """Return the attributes of an event type as a vocabulary; raises KeyError for a type the book does not know."""
    return Vocabulary(book.events[event_type].attributes, book.vocabulary.version)


@lru_cache(maxsize=256)
def _book_of(book: RuleBook, event_type: str) -> RuleBook:
    return replace(book, vocabulary=attributes_of(book, event_type))


def _matches_of(pattern: Pattern) -> tuple[EventMatch, ...]:
    match pattern:
        case CountPattern(match=wanted):
            return (wanted,)
        case SequencePattern(steps=steps):
            return steps
        case AbsencePattern(after=after, without=without):
            return (after, without)


def _sequence(steps: Sequence[EventMatch], events: list[Event], book: RuleBook, since: datetime, at: datetime) -> int:
    """Take for each step the earliest match that follows the one before: if any choice comes through, this one does."""
    last: datetime | None = None
    for step in steps:
        following = [one for one in _instants(step, events, book, since, at) if last is None or one > last]
        if not following:
            return 0
        last = min(following)
    return 1


def _began(pattern: AbsencePattern, events: list[Event], book: RuleBook, at: datetime) -> datetime | None:
    """Return the instant of the latest `after` event that no `without` event has followed."""
    begun = max(_instants(pattern.after, events, book, None, at), default=None)
    ended = max(_instants(pattern.without, events, book, None, at), default=None)
    return None if begun is None or (ended is not None and ended > begun) else begun


def _instants(
    match: EventMatch, events: Iterable[Event], book: RuleBook, since: datetime | None, at: datetime
) -> list[datetime]:
    """Return when matching events happened, from `since` (None: ever) to `at`, both included."""
    if match.event not in book.events:
        return []
    return [
        event.at
        for event in events
        if event.type == match.event
        and event.at <= at
        and (since is None or event.at >= since)
        and _meets(match, event, book, at)
    ]


def _meets(match: EventMatch, event: Event, book: RuleBook, at: datetime) -> bool:
    if match.where is None:
        return True
    own, on = _book_of(book, event.type), event.at.astimezone(at.tzinfo).date()
    try:
        return evaluate(match.where, event.attributes, book=own, on=on) is True
    except InvalidFact:  # kept under an older vocabulary: what it no longer permits is unknown
        return evaluate(match.where, _permitted(event.attributes, own.vocabulary), book=own, on=on) is True


def _permitted(attributes: Facts, vocabulary: Vocabulary) -> Facts:
    faulty = {fault.fact for fault in check_facts(attributes, vocabulary)}
    return {name: value for name, value in attributes.items() if name not in faulty}
