"""Faults of this service beyond the shared ones."""

from collections.abc import Sequence

from shared.kernel.faults import Fault, InvalidRequest


class BatchTooLarge(Fault):
    """More items than one call may carry; `details` names the limit."""

    code = "batch_too_large"


class ErasureKeyMissing(Fault):
    """Subscribers were erased, or one shall be, and the key that their pseudonyms are made with was not given."""

    code = "erasure_key_missing"

    def __init__(self) -> None:
        super().__init__(
            "erased subscribers cannot be told from others without the key: set BANYAN_GOVERNANCE_ERASURE_KEY",
            details={"setting": "BANYAN_GOVERNANCE_ERASURE_KEY"},
        )


class ErasureKeyWrong(Fault):
    """The key given is not the one that the pseudonyms of erased subscribers are made with."""

    code = "erasure_key_wrong"

    def __init__(self) -> None:
        super().__init__(
            "BANYAN_GOVERNANCE_ERASURE_KEY is not the key that earlier subscribers were erased with",
            details={"setting": "BANYAN_GOVERNANCE_ERASURE_KEY"},
        )


def check_size(field: str, items: Sequence[object], limit: int) -> None:
    """Raise BatchTooLarge when there are more than `limit` items."""
    if len(items) > limit:
        message = f"{field}: {len(items)} are too many, at most {limit} in one call"
        raise BatchTooLarge(message, details={"field": field, "limit": limit})


def invalid(field: str, message: str) -> InvalidRequest:
    """Return the fault that names a place in the caller's payload."""
    return InvalidRequest(f"{field}: {message}", details={"field": field})
