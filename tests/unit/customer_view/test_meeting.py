"""Work that met other writers is done again, and not for ever."""

import pytest

from services.customer_view.application.faults import WritersMet
from services.customer_view.application.meeting import insisting


class Work:
    """Meets others so many times."""

    def __init__(self, meetings: int) -> None:
        self.left = meetings

    def __call__(self) -> str:
        self.left -= 1
        if self.left >= 0:
            raise WritersMet("others")
        return "done"


def test_work_that_met_others_is_done_again() -> None:
    assert insisting(Work(3)) == "done"


def test_whoever_always_meets_others_is_told() -> None:
    work = Work(1_000)
    with pytest.raises(WritersMet) as met:
        insisting(work)
    assert met.value.code == "unavailable"
    assert work.left == 990
