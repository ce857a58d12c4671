"""The arithmetic of `make bench`: what it calls a percentile, a median, a ratio, and an aim that is reached."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.bench.figures import Aim, Figure, median, percentile, rate

SOME = st.lists(st.floats(0, 1e6, allow_nan=False), min_size=1, max_size=200)


def figure(value: float, baseline: float, aim: Aim | None = None) -> Figure:
    return Figure("f", "calls/s", value, "echo", baseline, aim)


@given(SOME, st.floats(0.01, 1))
def test_a_percentile_is_the_smallest_value_that_the_share_does_not_exceed(values: list[float], share: float) -> None:
    found = percentile(values, share)

    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-6
    below = [value for value in values if value < found]
    assert len(below) < share * len(values)


def test_the_99th_percentile_of_a_hundred_values_is_the_99th() -> None:
    assert percentile(range(1, 101), 0.99) == 99
    assert percentile(range(1, 101), 1) == 100


@given(SOME)
def test_as_many_values_lie_above_the_median_as_below(values: list[float]) -> None:
    middle = median(values)

    assert sum(value < middle for value in values) <= len(values) / 2
    assert sum(value > middle for value in values) <= len(values) / 2


def test_the_median_of_an_even_number_lies_in_the_middle_of_two() -> None:
    assert median([4, 1, 3, 2]) == 2.5


def test_nothing_measured_is_no_figure() -> None:
    with pytest.raises(ValueError, match="nothing"):
        median([])
    with pytest.raises(ValueError, match="0 values"):
        percentile([], 0.5)
    with pytest.raises(ValueError, match="share"):
        percentile([1.0], 0)
    with pytest.raises(ValueError, match="no time"):
        rate(10, 0)


def test_a_ratio_is_the_value_in_baselines() -> None:
    assert figure(50, 200).ratio == 0.25
    assert math.isinf(figure(50, 0).ratio)


@pytest.mark.parametrize(("value", "reached"), [(24.9, "missed"), (25, "aim"), (49, "aim"), (50, "stretch")])
def test_a_throughput_reaches_its_aim_from_below(value: float, reached: str) -> None:
    assert figure(value, 100, Aim("at least", 0.25, 0.5)).reached == reached


@pytest.mark.parametrize(("value", "reached"), [(501, "missed"), (500, "aim"), (10, "aim")])
def test_a_latency_reaches_its_aim_from_above(value: float, reached: str) -> None:
    assert figure(value, 100, Aim("at most", 5)).reached == reached


def test_an_aim_may_be_of_the_value_itself() -> None:
    assert figure(5_000, 1e9, Aim("at least", 5_000, 20_000, judged="value")).reached == "aim"


def test_a_figure_without_an_aim_reaches_nothing() -> None:
    assert figure(1, 1).reached == ""
