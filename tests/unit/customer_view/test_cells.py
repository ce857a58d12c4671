"""How one fact is read from the cells of a row."""

import re
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.customer_view.domain.cells import (
    BadCell,
    Choice,
    Collected,
    Constant,
    Day,
    First,
    Limit,
    Quantity,
    Source,
    Words,
    whole_months,
)


def source(column: str = "a", *, missing: tuple[str, ...] = ("", "-1"), pattern: str | None = None) -> Source:
    return Source(column, frozenset(missing), re.compile(pattern) if pattern else None)


def quantity(kind: str = "number", factor: str = "1", **more: Any) -> Quantity:
    return Quantity(kind, ((source(), Decimal(factor)),), **more)


@pytest.mark.parametrize("cell", ["", "-1"])
def test_a_missing_marker_is_unknown_and_not_a_fault(cell: str) -> None:
    assert quantity().read({"a": cell}) is None
    assert Words(source()).read({"a": cell}) is None
    assert Day(source(), ("%Y-%m-%d",)).read({"a": cell}) is None


def test_gigabytes_become_megabytes() -> None:
    assert quantity(factor="1024").read({"a": "0.1953"}) == 199.9872


def test_yuan_become_fen_without_a_binary_rounding_error() -> None:
    assert quantity("money").read({"a": "1.005"}) == 101
    assert quantity("money").read({"a": "1,234.5"}) == 123450


def test_a_figure_with_a_fraction_is_no_whole_number() -> None:
    assert quantity("integer").read({"a": "40.0"}) == 40
    with pytest.raises(BadCell, match="whole number"):
        quantity("integer").read({"a": "40.5"})


@pytest.mark.parametrize("cell", ["abc", "nan", "inf", "1 2", "12岁"])
def test_text_in_a_column_of_figures_is_a_bad_cell(cell: str) -> None:
    with pytest.raises(BadCell, match="not a number") as bad:
        quantity().read({"a": cell})
    assert bad.value.column == "a"


def test_figures_out_of_bounds_are_bad_and_both_ends_are_within() -> None:
    bounded = quantity("integer", low=Decimal(10), high=Decimal(20))
    assert [bounded.read({"a": cell}) for cell in ("10", "20")] == [10, 20]
    for cell in ("9", "21"):
        with pytest.raises(BadCell, match="not between 10 and 20"):
            bounded.read({"a": cell})


def test_a_sum_is_unknown_when_a_part_is() -> None:
    both = Quantity("number", ((source(), Decimal(1024)), (source("b"), Decimal(1))))
    assert both.read({"a": "1", "b": "6"}) == 1030.0
    assert both.read({"a": "1", "b": ""}) is None


def test_a_condition_on_another_column_decides_whether_the_figure_says_anything() -> None:
    limited = quantity(when=Limit(source("b"), Decimal(0)))
    assert limited.read({"a": "5", "b": "0.5"}) == 5.0
    assert limited.read({"a": "5", "b": "0"}) is None
    assert limited.read({"a": "5", "b": ""}) is None


def test_an_exact_value_goes_before_a_pattern() -> None:
    choice = Choice(source(), {"iOS X": "other"}, ((re.compile("(?i)^ios"), "ios"),))
    assert choice.read({"a": "iOS X"}) == "other"
    assert choice.read({"a": "IOS 9"}) == "ios"
    with pytest.raises(BadCell, match="none of the values"):
        choice.read({"a": "0"})


def test_an_unlisted_value_may_be_declared_unknown() -> None:
    assert Choice(source(), {"苹果": "ios"}, otherwise="unknown").read({"a": "华为"}) is None


def test_a_pattern_takes_the_part_of_the_cell_that_matters() -> None:
    assert Words(source(pattern=r"语音(\d+)")).read({"a": "畅享套餐58档-语音28流量30"}) == "28"
    with pytest.raises(BadCell, match="does not fit"):
        Words(source(pattern=r"语音(\d+)")).read({"a": "其他"})


def test_dates_are_read_in_any_of_the_formats() -> None:
    day = Day(source(), ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"))
    assert {day.read({"a": cell}) for cell in ("2022-04-01", "2022/4/1", "20220401")} == {date(2022, 4, 1)}
    with pytest.raises(BadCell, match="not a date"):
        day.read({"a": "2022-02-30"})


def test_months_since_counts_full_months_and_refuses_the_future() -> None:
    months = Day(source(), ("%Y-%m-%d",), until=date(2022, 4, 1))
    assert months.read({"a": "2022-03-02"}) == 0
    assert months.read({"a": "2021-04-01"}) == 12
    with pytest.raises(BadCell, match="lies after"):
        months.read({"a": "2022-04-02"})


@given(st.dates(date(1990, 1, 1), date(2030, 1, 1)), st.integers(0, 300))
def test_full_months_never_run_ahead_of_the_calendar(start: date, months: int) -> None:
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    assert whole_months(start.replace(day=1), date(year, month + 1, 1)) == months


def test_the_first_recipe_that_knows_speaks_and_a_bad_cell_is_not_hidden() -> None:
    first = First((Choice(source(), {"x": "ios"}), Choice(source("b"), {"苹果": "ios"}, otherwise="unknown")))
    assert first.read({"a": "", "b": "苹果"}) == "ios"
    assert first.read({"a": "", "b": "华为"}) is None
    with pytest.raises(BadCell):
        first.read({"a": "0", "b": "苹果"})


def test_a_set_is_known_whole_or_not_at_all() -> None:
    network = Choice(source(), {"5G": frozenset({"lte", "nr"}), "2G": frozenset()})
    collected = Collected((network, Choice(source("b"), {"y": frozenset({"app"})})))
    assert collected.read({"a": "5G", "b": "y"}) == {"lte", "nr", "app"}
    assert collected.read({"a": "2G", "b": "y"}) == {"app"}
    assert collected.read({"a": "5G", "b": ""}) is None


def test_control_characters_are_no_text() -> None:
    with pytest.raises(BadCell):
        Words(source()).read({"a": "a\x00b"})


def test_a_constant_reads_no_column() -> None:
    assert Constant("beijing").read({}) == "beijing"
    assert Constant("beijing").columns == ()
