"""Windows of triggers: exact ends, ties, and every pattern against a brute-force oracle."""

import itertools
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.text import Text
from shared.rulekit import windows
from shared.rulekit.model import (
    AbsencePattern,
    Compare,
    CountPattern,
    EventMatch,
    EventType,
    Pattern,
    RuleBook,
    SequencePattern,
    TriggerRule,
    ValidFor,
)
from shared.rulekit.vocabulary import Fact, Vocabulary
from shared.rulekit.windows import LINGER, Event, fires, lookback, next_look, trigger_facts, window
from tests.unit.rulekit.histories import ANY_A, ANY_B, HIGH, HOUR, NOON, TYPES, histories, patterns, rule, spans

AGE = Fact("age", "integer", "customer_view", "age", Text("年龄", "age"))


def book_of(*rules: TriggerRule) -> RuleBook:
    vocabulary = Vocabulary({"age": AGE}, "v")
    return RuleBook(vocabulary, {}, {}, {}, {}, {}, "1", triggers={one.id: one for one in rules}, events=TYPES)


BOOK = book_of()


def a(hours: float, level: int | None = 90) -> Event:
    return Event("a", NOON - hours * HOUR, {} if level is None else {"level": level})


def b(hours: float) -> Event:
    return Event("b", NOON - hours * HOUR)


def see(pattern: Pattern, *events: Event) -> int:
    return window(pattern, events, at=NOON, book=BOOK)


@pytest.mark.parametrize("hours", [72, 0])
def test_both_ends_of_a_span_belong_to_it(hours: float) -> None:
    assert see(CountPattern(HIGH, 1, timedelta(days=3)), a(hours)) == 1


@pytest.mark.parametrize("moved", [-72 * HOUR - timedelta(microseconds=1), timedelta(microseconds=1)])
def test_a_microsecond_beyond_an_end_is_outside(moved: timedelta) -> None:
    assert see(CountPattern(HIGH, 1, timedelta(days=3)), Event("a", NOON + moved, {"level": 90})) == 0


@pytest.mark.parametrize("attributes", [{}, {"level": None}, {"level": 79}])
def test_a_missing_or_lesser_attribute_does_not_match(attributes: dict[str, int | None]) -> None:
    assert see(CountPattern(HIGH, 1, HOUR), Event("a", NOON, attributes)) == 0


def test_an_attribute_the_vocabulary_no_longer_permits_is_unknown_and_the_others_still_count() -> None:
    event = Event("a", NOON, {"level": 90, "place": "moon"})
    assert see(CountPattern(EventMatch("a", Compare("place", "equals", "home")), 1, HOUR), event) == 0
    assert see(CountPattern(HIGH, 1, HOUR), event) == 1


def test_events_of_unknown_types_match_nothing() -> None:
    assert see(CountPattern(EventMatch("z"), 1, HOUR), Event("z", NOON)) == 0


def test_where_is_judged_on_the_day_of_the_event_in_the_zone_of_the_instant() -> None:
    day = Fact("until", "date", "", "", Text("至", "until"))
    types = {"a": EventType("a", "x", Text("a", "a"), {"until": day})}
    book = RuleBook(Vocabulary({}, "v"), {}, {}, {}, {}, {}, "1", events=types)
    pattern = CountPattern(EventMatch("a", Compare("until", "within", 0)), 1, timedelta(days=3))
    event = Event("a", datetime(2026, 3, 8, 20, tzinfo=UTC), {"until": date(2026, 3, 9)})
    fuzhou = NOON.astimezone(ZoneInfo("Asia/Shanghai"))
    assert window(pattern, [event], at=fuzhou, book=book) == 1
    assert window(pattern, [event], at=NOON, book=book) == 0


def test_steps_at_the_same_instant_do_not_follow_one_another() -> None:
    pattern = SequencePattern((ANY_A, ANY_B), 3 * HOUR)
    assert see(pattern, a(1), b(1)) == 0
    assert see(pattern, a(1), b(0.5)) == 1
    assert see(pattern, b(1), a(0.5)) == 0
    assert see(pattern, a(3), b(0)) == 1


def test_an_absence_is_seen_exactly_when_its_span_is_over() -> None:
    pattern = AbsencePattern(ANY_A, ANY_B, 5 * HOUR)
    assert see(pattern, a(5)) == 1
    assert window(pattern, [a(5)], at=NOON - timedelta(microseconds=1), book=BOOK) == 0
    assert see(pattern, a(9), a(4)) == 0, "the latest counts"
    assert see(pattern, a(9), b(1)) == 0
    assert see(pattern, a(9), b(9)) == 1, "at the same instant is not after"
    assert see(pattern, a(9), b(10)) == 1
    assert see(pattern, a(9), b(-1)) == 1, "not yet"
    assert see(pattern) == 0


def oracle(pattern: Pattern, events: Sequence[Event], at: datetime) -> int:
    def matching(match: EventMatch) -> list[datetime]:
        kept = [one for one in events if one.type == match.event and one.at <= at]
        if match.where is not None:
            kept = [one for one in kept if one.attributes.get("level") == 80]  # the one high level of `histories`
        return [one.at for one in kept]

    if isinstance(pattern, CountPattern):
        return sum(at - pattern.within <= one for one in matching(pattern.match))
    if isinstance(pattern, SequencePattern):
        choices = itertools.product(*(matching(step) for step in pattern.steps))
        return int(
            any(
                all(at - pattern.within <= one for one in choice)
                and all(one < other for one, other in itertools.pairwise(choice))
                for choice in choices
            )
        )
    return int(
        any(
            begun <= at - pattern.span
            and not any(one > begun for one in matching(pattern.after))
            and not any(one > begun for one in matching(pattern.without))
            for begun in matching(pattern.after)
        )
    )


@given(pattern=patterns, events=histories, data=st.data())
def test_windows_are_what_the_oracle_counts_in_any_order_of_events(
    pattern: Pattern, events: list[Event], data: st.DataObject
) -> None:
    shuffled = data.draw(st.permutations(events))
    assert see(pattern, *shuffled) == oracle(pattern, events, NOON)


@given(pattern=patterns, events=histories, again=st.none() | spans, age=st.sampled_from([None, 17, 18]))
def test_nothing_fires_between_two_looks(
    pattern: Pattern, events: list[Event], again: timedelta | None, age: int | None
) -> None:
    one = rule(pattern, again_after=again, when=Compare("age", "at_least", 18))
    book = book_of(one)
    fired: datetime | None = None
    look: datetime | None = NOON - 8 * HOUR
    for half_hours in range(-16, 16):
        at = NOON + half_hours * HOUR / 2
        is_firing = fires(one, events, {"age": age}, at=at, last_fired_at=fired, book=book)
        if is_firing:
            assert look is not None
            assert look <= at
            fired = at
        if look is None or look <= at:
            look = next_look(one, events, at=at, last_fired_at=fired, book=book)


def test_a_trigger_fires_once_for_good_or_again_after_its_span() -> None:
    for again, expected in ((None, [True, False, False]), (2 * HOUR, [True, False, True])):
        one = rule(CountPattern(ANY_A, 1, 24 * HOUR), again_after=again)
        facts = [
            fires(one, [a(10)], {}, at=NOON + hours * HOUR, last_fired_at=last, book=book_of(one))
            for hours, last in ((0, None), (1.99, NOON), (2, NOON))
        ]
        assert facts == expected


def test_a_trigger_needs_its_condition_known_and_its_days() -> None:
    grown = rule(CountPattern(ANY_A, 2, HOUR), when=Compare("age", "at_least", 18))
    seen = [a(0), a(1)]

    def is_firing(one: TriggerRule, events: Sequence[Event], age: int | None) -> bool:
        return fires(one, events, {"age": age}, at=NOON, last_fired_at=None, book=book_of(one))

    assert is_firing(grown, seen, 18)
    assert not is_firing(grown, seen, 17)
    assert not is_firing(grown, seen, None)
    assert not is_firing(grown, seen[:1], 18)
    over = rule(grown.pattern, valid_for=ValidFor(None, date(2026, 3, 9)))
    assert not is_firing(over, seen, 18)


def test_a_rule_is_looked_at_on_its_first_day() -> None:
    one = rule(CountPattern(ANY_A, 1, 90 * HOUR), valid_for=ValidFor(date(2026, 3, 12)))
    look = next_look(one, [a(0)], at=NOON, last_fired_at=None, book=book_of(one))
    assert look == datetime(2026, 3, 12, tzinfo=UTC)


FAR, NEAR = CountPattern(ANY_A, 1, 6 * HOUR), AbsencePattern(ANY_A, ANY_B, HOUR)
"""One has events read from far back, the other knows of an end only if that is read from as far back."""


@given(several=st.lists(patterns, max_size=2).map(lambda some: [*some, NEAR, FAR]), events=histories)
@settings(max_examples=300)
def test_nothing_is_seen_in_what_a_book_looks_back_to_that_is_not_there(
    several: list[Pattern], events: list[Event]
) -> None:
    rules = [rule(pattern, id=f"t{number}") for number, pattern in enumerate(several)]
    book = book_of(*rules)
    with patch.object(windows, "LINGER", timedelta()):
        spans = windows.lookback.__wrapped__(book)
    looked_at = [one for one in events if one.type in spans and one.at >= NOON - spans[one.type]]
    for pattern in several:
        seen, there = (window(pattern, some, at=NOON, book=book) for some in (looked_at, events))
        assert seen == there or (isinstance(pattern, AbsencePattern) and (seen, there) == (0, 1))


def test_who_sees_what_began_an_absence_sees_what_ended_it() -> None:
    absence = rule(AbsencePattern(ANY_A, ANY_B, HOUR))
    spans = lookback(book_of(absence, rule(CountPattern(ANY_A, 1, 999 * HOUR), id="u")))
    assert spans == {"a": 999 * HOUR, "b": 999 * HOUR}


def test_a_book_looks_back_as_far_as_the_longest_trigger_of_each_type() -> None:
    one = rule(CountPattern(ANY_A, 1, 72 * HOUR))
    other = rule(AbsencePattern(ANY_A, ANY_B, 50 * HOUR), again_after=48 * HOUR, id="u")
    assert lookback(book_of(one)) == {"a": 72 * HOUR}
    assert lookback(book_of(one, other)) == dict.fromkeys("ab", 98 * HOUR + LINGER)
    assert lookback(BOOK) == {}
    assert trigger_facts([one, other], [a(60)], at=NOON, book=book_of(one, other)) == {"window.t": 1, "window.u": 1}
