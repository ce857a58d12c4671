"""Faults of this service beyond the shared ones."""

from shared.kernel.faults import Fault, InvalidRequest


class BatchTooLarge(Fault):
    """More items than one call may carry; `details` names the limit."""

    code = "batch_too_large"


def check_size(field: str, count: int, limit: int) -> None:
    """Raise BatchTooLarge when `count` exceeds `limit`, InvalidRequest when it is below zero."""
    if count > limit:
        message = f"{field}: {count} are too many, at most {limit} in one call"
        raise BatchTooLarge(message, details={"field": field, "limit": limit})
    if count < 0:
        message = f"{field}: {count} is below zero"
        raise InvalidRequest(message, details={"field": field})
