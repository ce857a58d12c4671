"""Writers that meet in the same subscribers: one of them begins again."""

from collections.abc import Callable
from typing import TypeVar

from services.customer_view.application.faults import WritersMet

Result = TypeVar("Result")
_ATTEMPTS = 10


def insisting(work: Callable[[], Result]) -> Result:
    """Do the work of one transaction, again where others were in its way; raises WritersMet if they always are."""
    for _ in range(_ATTEMPTS - 1):
        try:
            return work()
        except WritersMet:
            continue
    return work()
