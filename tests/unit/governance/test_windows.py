"""Counting in windows and the next moment with room, against trying every window and every moment."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.domain.contacts import Contact
from services.governance.domain.windows import earliest_with_room, most_in_any_window
from tests.unit.governance.builders import contact

POINTS = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 12)), max_size=6)
SPANS, MOMENTS = st.integers(1, 5), st.integers(-2, 14)


def points_of(drawn: list[tuple[str, int]]) -> list[Contact]:
    return [contact(name, at) for name, at in sorted(drawn, key=lambda one: one[1])]


def tried(points: list[Contact], span: int, at: int) -> int:
    """Return the most different contacts in any [start, start + span) that holds `at`."""
    starts = range(at - span + 1, at + 1)
    return max(len({one.contact_id for one in points if start <= one.at < start + span}) for start in starts)


@settings(max_examples=400)
@given(drawn=POINTS, span=SPANS, at=MOMENTS)
def test_the_fullest_window_is_what_trying_all_of_them_finds(drawn: list[tuple[str, int]], span: int, at: int) -> None:
    points = points_of(drawn)
    assert most_in_any_window(points, span, at) == tried(points, span, at)


@settings(max_examples=400)
@given(drawn=POINTS, span=SPANS, at=MOMENTS, limit=st.integers(1, 4))
def test_the_next_moment_with_room_is_the_first_that_trying_each_finds(
    drawn: list[tuple[str, int]], span: int, at: int, limit: int
) -> None:
    points = points_of(drawn)
    first = next(moment for moment in range(at, 100) if tried(points, span, moment) < limit)
    assert earliest_with_room(points, limit, span, at) == first
