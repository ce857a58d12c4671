"""Cells: uniform, stable, independent of everything but the subscriber."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.cells import Assignment, Draw
from services.campaigns.domain.plan import Cell
from shared.kernel.identity import unit_interval

CELLS = (Cell("call", 0.45, ("x",)), Cell("sms", 0.45, ("y",)), Cell("control", 0.1))


def test_cells_get_their_shares() -> None:
    assignment = Assignment("crbt", "p1", CELLS)
    counts = Counter(assignment.cell_of(f"138{number:08d}").cell for number in range(50_000))
    # Three standard deviations of a binomial count of 50,000.
    assert counts["call"] == pytest.approx(22_500, abs=340)
    assert counts["control"] == pytest.approx(5_000, abs=205)


def test_a_subscriber_stays_in_his_cell() -> None:
    before = [Assignment("crbt", "p1", CELLS).cell_of(f"c{n}").cell for n in range(100)]
    again = [Assignment("crbt", "p1", CELLS).cell_of(f"c{n}").cell for n in reversed(range(100))]
    assert before == again[::-1]
    assert Counter(before).keys() == {"call", "sms", "control"}


def test_phases_are_drawn_independently() -> None:
    ids = [f"c{n}" for n in range(5_000)]
    first, second = Assignment("crbt", "p1", CELLS), Assignment("crbt", "p2", CELLS)
    both = sum(first.cell_of(each).cell == second.cell_of(each).cell == "control" for each in ids)
    assert both == pytest.approx(50, abs=22)


@given(st.text(min_size=1), st.text(max_size=5))
def test_a_draw_is_the_kernel_s_unit_interval(customer_id: str, salt: str) -> None:
    assert Draw("cell", salt).share(customer_id) == unit_interval("cell", salt, customer_id)


@given(st.text(min_size=1))
def test_a_cell_without_a_share_gets_nobody(customer_id: str) -> None:
    cells = (Cell("none", 0.0, ("x",)), Cell("all", 1.0, ("y",)), Cell("control", 0.0))
    assert Assignment("crbt", "p1", cells).cell_of(customer_id).cell == "all"
