"""When tests take it that nothing is in flight."""

from tests.support.calm import Calm


def test_one_look_is_not_enough() -> None:
    look = Calm(list)
    assert [look(), look()] == [False, True]


def test_nothing_may_be_seen_for_the_whole_time() -> None:
    seen: list[list[str]] = [[], ["a message"], [], [], []]
    moments = [0.0, 1.0, 1.9, 2.0]  # not asked for where something is in flight
    look = Calm(lambda: seen.pop(0), seconds=1.0, now=lambda: moments.pop(0))
    assert [look() for _ in range(5)] == [False, False, False, False, True]
