"""Upsert, get and list, over fakes."""

from datetime import date
from typing import Any

import pytest

from services.catalogue.application.faults import BatchTooLarge, ResultTooLarge
from services.catalogue.application.ports import Stored
from shared.contracts.catalogue import OfferingFilters
from shared.kernel.faults import NotFound
from tests.unit.catalogue.making import FakeStore, KilledError, asked, use_cases


def _told(store: FakeStore) -> list[list[str]]:
    return [[offering.offering_id for offering in event.offerings] for event in store.events.values()]


def test_good_offerings_are_kept_and_bad_ones_reported_by_index() -> None:
    store = FakeStore()
    result = use_cases(store).upsert_offerings([asked("a"), asked("B"), asked("c", components=["nobody"])])
    assert result.written == 1
    assert [(fault.index, fault.field) for fault in result.faults] == [(1, "offering_id"), (2, "components[0]")]
    assert _told(store) == [["a"]]


def test_the_same_offering_again_is_written_but_not_told_again() -> None:
    store = FakeStore()
    use = use_cases(store)
    use.upsert_offerings([asked("a")])
    assert use.upsert_offerings([asked("a")]).written == 1
    assert _told(store) == [["a"]]


def test_a_change_back_to_an_earlier_form_is_told_again() -> None:
    store = FakeStore()
    use = use_cases(store)
    for name in ("彩铃", "炫铃", "彩铃"):
        use.upsert_offerings([asked("a", name_zh=name)])
    assert [event.offerings[0].name_zh for event in store.events.values()] == ["彩铃", "炫铃", "彩铃"]


def test_an_event_carries_at_most_two_hundred_offerings() -> None:
    store = FakeStore()
    use_cases(store).upsert_many([asked(f"a{number}") for number in range(401)])
    assert [len(ids) for ids in _told(store)] == [200, 200, 1]


def test_the_interactive_twin_takes_two_hundred_and_the_bulk_one_five_thousand() -> None:
    use = use_cases(FakeStore())
    with pytest.raises(BatchTooLarge):
        use.upsert_offerings([asked()] * 201)
    with pytest.raises(BatchTooLarge):
        use.upsert_many([asked()] * 5_001)


def test_killed_before_the_event_nothing_is_kept() -> None:
    class Dying(FakeStore):
        def unit(self) -> Any:
            return _Dying(super().unit())

    store = Dying()
    with pytest.raises(KilledError):
        use_cases(store).upsert_offerings([asked("a")])
    assert (store.kept, store.events) == ({}, {})


@pytest.mark.parametrize("name", ["nobody", "", "\x00", "\ud800"])
def test_an_unknown_offering_is_a_coded_fault(name: str) -> None:
    with pytest.raises(NotFound):
        use_cases(FakeStore()).get_offering(name)


def test_filters_work_together() -> None:
    store = FakeStore()
    use = use_cases(store)
    use.upsert_offerings(
        [
            asked("b", components=["a"], product_class="growth"),
            asked("a", valid_to=date(2026, 6, 30)),
            asked("c", category="internet", valid_from=date(2026, 7, 1)),
        ]
    )
    every = OfferingFilters()
    assert [item.offering_id for item in use.list_offerings(every).offerings] == ["a", "b", "c"]
    narrow = OfferingFilters(category="crbt", bundles=False, product_class="revenue", valid_on=date(2026, 6, 30))
    assert [item.offering_id for item in use.list_offerings(narrow).offerings] == ["a"]
    assert use.list_offerings(OfferingFilters(category="\x00")).offerings == []


def test_a_reply_is_never_cut_off_silently() -> None:
    store = FakeStore(kept={f"a{n}": Stored(asked(f"a{n}"), 1) for n in range(5_001)})
    with pytest.raises(ResultTooLarge):
        use_cases(store).list_offerings(OfferingFilters())


class _Dying:
    def __init__(self, unit: Any) -> None:
        self._unit = unit

    def __enter__(self) -> Any:
        opened = self._unit.__enter__()
        opened.tell = _die
        return opened

    def __exit__(self, *problem: object) -> Any:
        return self._unit.__exit__(*problem)


def _die(*_: Any, **__: Any) -> None:
    raise KilledError
