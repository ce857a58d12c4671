from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from shared.kernel.identity import derive_id, unit_interval
from shared.kernel.text import Text


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_the_same_parts_always_give_the_same_id(parts: list[str]) -> None:
    assert derive_id(*parts) == derive_id(*parts)
    assert len(derive_id(*parts)) == 24


def test_parts_are_kept_apart() -> None:
    assert derive_id("ab", "c") != derive_id("a", "bc")


@given(st.text(), st.text())
def test_a_draw_lies_between_zero_and_one(salt: str, key: str) -> None:
    assert 0 <= unit_interval(salt, key) < 1


def test_draws_are_uniform() -> None:
    tenths = Counter(int(unit_interval("salt", str(number)) * 10) for number in range(20_000))
    assert all(1_800 < tenths[tenth] < 2_200 for tenth in range(10))


def test_unknown_placeholders_stay_as_written() -> None:
    assert Text("已有{used}次", "{used} of {limit}").fill(used=3) == Text("已有3次", "3 of {limit}")
    assert Text("中", "en").in_language("zh-CN") == "中"
    assert Text("中", "en").in_language("en") == "en"
