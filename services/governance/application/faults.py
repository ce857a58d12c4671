"""Faults of this service beyond the shared ones."""

from collections.abc import Sequence

from shared.kernel.faults import Fault, InvalidRequest


class BatchTooLarge(Fault):
    """More items than one call may carry; `details` names the limit."""

    code = "batch_too_large"


def check_size(field: str, items: Sequence[object], limit: int) -> None:
    """Raise BatchTooLarge when there are more than `limit` items."""
    if len(items) > limit:
        message = f"{field}: {len(items)} are too many, at most {limit} in one call"
        raise BatchTooLarge(message, details={"field": field, "limit": limit})


def invalid(field: str, message: str) -> InvalidRequest:
    """Return the fault that names a place in the caller's payload."""
    return InvalidRequest(f"{field}: {message}", details={"field": field})
