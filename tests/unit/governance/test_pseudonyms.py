"""Pseudonyms: the same for the same id and key, the lane of the id they stand for, nothing of the id itself."""

from hypothesis import given
from hypothesis import strategies as st

from services.governance.domain.pseudonyms import (
    LANES,
    check_value,
    contact_pseudonym,
    is_pseudonym,
    lane_of,
    pseudonym_of,
)

KEY, OTHER = b"k" * 32, b"o" * 32
ids = st.text(min_size=1, max_size=40).filter(lambda text: not is_pseudonym(text))


@given(ids)
def test_a_pseudonym_queues_up_in_the_lane_of_the_id_it_stands_for(customer_id: str) -> None:
    pseudonym = pseudonym_of(KEY, customer_id)
    assert lane_of(pseudonym) == lane_of(customer_id)
    assert 0 <= lane_of(customer_id) < LANES
    assert is_pseudonym(pseudonym)
    assert pseudonym == pseudonym_of(KEY, customer_id)
    assert pseudonym != pseudonym_of(OTHER, customer_id)


@given(st.text(max_size=60))
def test_whatever_looks_like_a_pseudonym_has_a_lane(rest: str) -> None:
    assert 0 <= lane_of(f"erased:{rest}") < LANES


def test_subscribers_and_contacts_of_the_same_id_have_nothing_in_common() -> None:
    told = {pseudonym_of(KEY, "13800138000")[-40:], contact_pseudonym(KEY, "13800138000")[-40:], check_value(KEY)}
    assert len(told) == 3
    assert not any("13800138000" in one for one in told)
