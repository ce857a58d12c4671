"""The arithmetic of the ledger's benchmark: what it asks, and how it goes on from what was measured."""

import pytest

from tests.bench.ledger_growth import extrapolate
from tests.bench.ledger_requests import Asking


def test_what_grows_by_a_twentieth_each_doubling_grows_by_as_much_up_to_where_nobody_measured() -> None:
    slope, far = extrapolate([1_000_000, 2_000_000, 4_000_000], [2.0, 2.1, 2.2], 1_024_000_000)
    assert slope == pytest.approx(0.05)
    assert far == pytest.approx(1.5)


def test_what_does_not_grow_is_as_dear_everywhere() -> None:
    assert extrapolate([10, 20], [3.0, 3.0], 1_000_000) == (0, 1)


def test_a_single_size_says_nothing_about_growth() -> None:
    with pytest.raises(ValueError, match="no slope"):
        extrapolate([10], [1.0], 1_000)


def test_no_subscriber_is_asked_about_in_two_batches_and_each_as_often_as_wanted_in_one() -> None:
    asking = Asking(1_000, "a seed")
    seen: set[str] = set()
    for _ in range(4):
        batch = asking.batch(100, each=2)
        customers = [one.customer_id for one in batch]
        assert sorted(set(customers) | seen) == sorted([*set(customers), *seen])
        assert len(set(customers)) == 50
        assert len({one.contact_id for one in batch}) == 100
        seen.update(customers)


def test_the_same_seed_asks_the_same_and_another_something_else() -> None:
    assert Asking(1_000, "a").batch(50) == Asking(1_000, "a").batch(50)
    assert Asking(1_000, "a").batch(50) != Asking(1_000, "b").batch(50)


def test_nobody_left_to_ask_about_is_an_error_not_an_endless_search() -> None:
    with pytest.raises(ValueError, match="too few subscribers"):
        Asking(10, "a").batch(20)
