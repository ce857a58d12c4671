"""The arithmetic of evaluation: intervals against published figures, KPI values, money with nothing to divide by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.campaigns.domain.evaluation import (
    CellCount,
    TreatmentCount,
    _wilson,
    account,
    attainment,
    kpi_values,
    uplift,
)
from services.campaigns.domain.plan import Goal, Treatment


def cell(converted: int, members: int, name: str = "main", **more: int) -> CellCount:
    counts = {"contacted": 0, "reached": 0, "accepted": 0, "fulfilled": 0} | more
    return CellCount("p1", name, members, converted=converted, **counts)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 857-872, table I, method 3: score without continuity correction.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0000, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_s_interval_is_as_published(successes: int, trials: int, low: float, high: float) -> None:
    assert _wilson(successes, trials) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("here", "there", "low", "high"),
    # Newcombe, Statistics in Medicine 17 (1998) 873-890, table II, method 10: hybrid score.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((6, 7), (2, 7), 0.0582, 0.8062),
        ((5, 56), (0, 29), -0.0381, 0.1926),
        ((0, 10), (0, 20), -0.1611, 0.2775),
        ((0, 10), (0, 10), -0.2775, 0.2775),
        ((10, 10), (0, 20), 0.6791, 1.0000),
        ((10, 10), (0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_s_interval_is_as_published(
    here: tuple[int, int], there: tuple[int, int], low: float, high: float
) -> None:
    gain = uplift(cell(*here), cell(*there, "control"))
    assert gain is not None
    assert gain.points == pytest.approx(here[0] / here[1] - there[0] / there[1])
    assert (gain.low, gain.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


SHARE = st.integers(1, 10_000).flatmap(lambda members: st.tuples(st.integers(0, members), st.just(members)))


@given(SHARE, SHARE)
def test_the_interval_holds_the_point_and_stays_among_shares(here: tuple[int, int], there: tuple[int, int]) -> None:
    gain = uplift(cell(*here), cell(*there, "control"))
    assert gain is not None
    assert -1 - 1e-9 <= gain.low <= gain.points <= gain.high <= 1 + 1e-9


@given(SHARE, SHARE)
def test_turned_round_the_interval_is_mirrored(here: tuple[int, int], there: tuple[int, int]) -> None:
    gain, loss = uplift(cell(*here), cell(*there)), uplift(cell(*there), cell(*here))
    assert gain is not None
    assert loss is not None
    assert (loss.low, loss.points, loss.high) == pytest.approx((-gain.high, -gain.points, -gain.low))


@given(SHARE)
def test_ten_times_the_members_tell_more(share: tuple[int, int]) -> None:
    few, many = cell(*share), cell(share[0] * 10, share[1] * 10)
    narrow, wide = uplift(many, many), uplift(few, few)
    assert narrow is not None
    assert wide is not None
    assert narrow.high - narrow.low < wide.high - wide.low


@pytest.mark.parametrize("there", [None, cell(0, 0, "control")])
def test_without_members_in_control_there_is_no_uplift(there: CellCount | None) -> None:
    assert uplift(cell(3, 10), there) is None


def test_an_empty_cell_has_no_uplift_and_converts_nobody() -> None:
    assert uplift(cell(0, 0), cell(1, 9, "control")) is None
    assert cell(0, 0).conversion == 0.0


def test_kpi_values_leave_control_out_and_add_up_all_phases() -> None:
    cells = [
        cell(3, 10, contacted=8, reached=6, accepted=4, fulfilled=2),
        cell(1, 10, "other", contacted=2, reached=2, accepted=1, fulfilled=1),
        cell(9, 10, "control", contacted=0),
    ]
    assert kpi_values(cells, "control") == {
        "contacted": 10,
        "reached": 8,
        "accepted": 5,
        "fulfilled": 3,
        "converted": 4,
        "success_rate": 0.5,
        "conversion_rate": 0.2,
    }


def test_kpi_values_of_nothing_are_zero() -> None:
    assert set(kpi_values([], "control").values()) == {0}


def test_attainment_is_actual_over_target() -> None:
    assert attainment(Goal("success_rate", 0.2, "成功率", "success"), {"success_rate": 0.1}) == 0.5


TREATMENTS = {
    "gift": Treatment("gift", "tone", gift_cost_fen=300, revenue_fen=1_000),
    "plain": Treatment("plain", "tone", revenue_fen=500),
}


def test_gifts_are_spent_on_acceptance_and_revenue_comes_with_fulfilment() -> None:
    money = account(200, [TreatmentCount("gift", 4, 3), TreatmentCount("plain", 2, 1)], TREATMENTS)
    assert (money.contact_cost, money.gift_cost, money.revenue) == (200, 1_200, 3_500)
    assert money.cost_per_success == 1_400 / 4
    assert money.return_on_cost == 3_500 / 1_400


def test_where_there_is_nothing_to_divide_by_no_ratio_is_given() -> None:
    assert account(0, [], TREATMENTS).cost_per_success is None
    assert account(0, [], TREATMENTS).return_on_cost is None
    free = account(0, [TreatmentCount("plain", 1, 1)], TREATMENTS)
    assert (free.cost_per_success, free.return_on_cost) == (0.0, None)
    vain = account(70, [TreatmentCount("plain", 1, 0)], TREATMENTS)
    assert (vain.cost_per_success, vain.return_on_cost) == (None, 0.0)
