"""Bundles: unknown components and cycles, within a batch and with what is stored."""

from hypothesis import given
from hypothesis import strategies as st

from services.catalogue.domain.bundles import check_batch
from services.catalogue.domain.offering import Components
from tests.unit.catalogue.making import KNOWN, checked


def _check(batch: dict[str, list[str]], stored: Components | None = None) -> tuple[list[str], dict[str, str]]:
    names = list(batch)
    offerings = [checked(name, components=components) for name, components in batch.items()]
    kept, faults = check_batch(offerings, stored or {}, KNOWN)
    return [names[index] for index in kept], {names[fault.index]: fault.field for fault in faults}


def test_a_bundle_may_name_components_of_the_same_batch_and_stored_ones() -> None:
    assert _check({"bundle": ["a", "b"], "a": []}, {"b": ()}) == (["bundle", "a"], {})


def test_a_bundle_of_something_unknown_is_refused_and_so_is_a_bundle_of_that_bundle() -> None:
    kept, faults = _check({"outer": ["a", "inner"], "inner": ["a", "nobody"], "a": []})
    assert kept == ["a"]
    assert faults == {"outer": "components[1]", "inner": "components[1]"}


def test_a_refused_component_that_is_stored_already_does_not_hurt_its_bundle() -> None:
    kept, faults = _check({"outer": ["inner"], "inner": ["nobody"]}, {"inner": ()})
    assert kept == ["outer"]
    assert faults == {"inner": "components[0]"}


def test_a_bundle_of_itself_is_refused() -> None:
    assert _check({"a": ["a"]}) == ([], {"a": "components"})


def test_bundles_that_contain_one_another_are_refused_and_innocent_ones_kept() -> None:
    kept, faults = _check({"a": ["b"], "b": ["c"], "c": ["a"], "d": []})
    assert kept == ["d"]
    assert set(faults) == {"a", "b", "c"}


def test_a_cycle_through_a_stored_bundle_is_found() -> None:
    kept, faults = _check({"b": ["a"]}, {"a": ("b",), "b": ()})
    assert kept == []
    assert faults == {"b": "components"}


def test_a_cycle_that_only_appears_once_another_offering_is_refused_is_found_too() -> None:
    # x would drop its stored component z, but is refused; so z, which takes x, would close the stored circle.
    kept, faults = _check({"x": ["y"], "y": ["x"], "z": ["x"]}, {"x": ("z",), "y": (), "z": ()})
    assert kept == []
    assert set(faults) == {"x", "y", "z"}


def test_the_second_of_two_with_the_same_id_is_refused() -> None:
    kept, faults = check_batch([checked("a"), checked("a", name_zh="另一个")], {}, KNOWN)
    assert kept == [0]
    assert [(fault.index, fault.field) for fault in faults] == [(1, "offering_id")]


def test_a_long_chain_of_bundles_needs_no_stack_and_no_step_for_each_pair_of_them() -> None:
    names = [f"n{number}" for number in range(30_000)]  # pairs of these would take longer than any test may
    chain = {name: [follower] for name, follower in zip(names, names[1:] + names[:1], strict=True)}
    kept, faults = _check(chain)
    assert (kept, len(faults)) == ([], 30_000)


_NAMES = st.sampled_from([f"n{number}" for number in range(6)])
_GRAPHS = st.dictionaries(_NAMES, st.lists(_NAMES, max_size=3, unique=True), max_size=6)


@given(_GRAPHS, _GRAPHS)
def test_whatever_is_kept_leaves_a_catalogue_without_cycles_and_dangling_names(
    batch: dict[str, list[str]], before: dict[str, list[str]]
) -> None:
    acyclic, _ = _check(before)
    stored = {name: tuple(before[name]) for name in acyclic}
    assert _is_sound(stored)
    kept, faults = _check(batch, stored)
    assert _is_sound(stored | {name: tuple(batch[name]) for name in kept})
    assert set(kept) | set(faults) == set(batch)
    assert not set(kept) & set(faults)


@given(_GRAPHS)
def test_a_sound_batch_is_kept_whole(batch: dict[str, list[str]]) -> None:
    kept, _ = _check(batch)
    assert (len(kept) == len(batch)) == _is_sound({name: tuple(components) for name, components in batch.items()})


def _is_sound(catalogue: Components) -> bool:
    """Decide the slow and plain way: peel off offerings whose components are all peeled off already."""
    peeled: set[str] = set()
    while ready := {name for name, parts in catalogue.items() if name not in peeled and peeled.issuperset(parts)}:
        peeled |= ready
    return len(peeled) == len(catalogue)
