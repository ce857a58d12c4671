"""Trouble by seed: the same seed is the same trouble, and every kind of it can be had."""

from hypothesis import given, settings
from hypothesis import strategies as st

from services.workbench.sandbox.behaviour import FAILURES, Behaviour, draw

NAMES = [f"o{number}" for number in range(20)]
shares = st.sampled_from([0.0, 0.3, 1.0])


@settings(deadline=None, max_examples=50)
@given(fail=shares, partial=shares, twice=shares, reorder=shares, seed=st.integers(0, 99), number=st.integers(1, 99))
def test_the_same_seed_and_request_draw_the_same_trouble(
    fail: float, partial: float, twice: float, reorder: float, seed: int, number: int
) -> None:
    behaviour = Behaviour(fail=fail, partial=partial, twice=twice, reorder=reorder, seed=seed)
    drawn = draw(behaviour, "crm", number, NAMES)
    assert drawn == draw(behaviour, "crm", number, NAMES)
    assert drawn.left_undone <= drawn.left_out
    assert bool(drawn.told()) or drawn == draw(Behaviour(seed=seed), "crm", number, NAMES)


def test_a_system_without_fault_does_nothing_odd() -> None:
    assert {draw(Behaviour(), "crm", number, NAMES).told() for number in range(50)} == {""}


def test_every_failure_comes_and_what_says_it_did_nothing_did_nothing() -> None:
    behaviour = Behaviour(fail=1)
    drawn = [draw(behaviour, "ismp", number, NAMES) for number in range(300)]
    assert {each.failure for each in drawn} == set(FAILURES)
    assert not any(each.carries_out for each in drawn if each.failure in {"400", "429", "503"})
    assert {each.carries_out for each in drawn if each.failure == "cut"} == {True, False}


def test_an_order_that_is_refused_is_refused_each_time_and_each_system_refuses_others() -> None:
    behaviour = Behaviour(refuse=0.5, seed=3)
    refused = {system: [behaviour.refuses(system, name) for name in NAMES] for system in ("crm", "ismp")}
    assert refused["crm"] == [behaviour.refuses("crm", name) for name in NAMES]
    assert refused["crm"] != refused["ismp"]
    assert all(Behaviour(refuse=1).refuses("crm", name) for name in NAMES)


def test_receipts_are_told_once_lost_or_told_twice() -> None:
    assert Behaviour().receipt_of("m") == ("delivered", 1)
    assert Behaviour(receipt_lost=1, receipt_twice=1).receipt_of("m") == ("delivered", 0)
    assert Behaviour(receipt_twice=1, unreachable=1).receipt_of("m") == ("unreachable", 2)
