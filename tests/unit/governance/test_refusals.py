"""Reasons of governance's own: which of them say that nobody could judge."""

from services.governance.domain.refusals import (
    ID_REUSED,
    MALFORMED_ID,
    NEVER_RESERVED,
    NO_OFFSET,
    RESERVATION_LAPSED,
    RESERVATION_RELEASED,
    TEXTS,
)
from shared.contracts.governance import UNDECIDED

_NOT_ASKABLE = {MALFORMED_ID, NO_OFFSET, ID_REUSED}
"""Of requests alone: no reservation has such a reason."""
_NO_PLACE = {RESERVATION_RELEASED, RESERVATION_LAPSED, NEVER_RESERVED}


def test_the_contract_names_every_reason_with_which_nobody_could_judge_a_reservation() -> None:
    assert TEXTS.keys() - _NOT_ASKABLE - _NO_PLACE == UNDECIDED
