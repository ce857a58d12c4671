"""Faults of this service beyond the shared ones."""

from collections.abc import Sequence
from datetime import datetime

from services.governance.domain.instants import SECOND
from shared.contracts.wire import CHANNELS
from shared.kernel.faults import Fault, InvalidRequest, Unavailable

_LONGEST = 500


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


def clock_behind(micros: int) -> Unavailable:
    """Return the fault of a process that must not judge, since others have decided at moments it has not reached."""
    return Unavailable(
        "this process's clock is behind the ledger's newest decision: nothing is stored; set its clock, and ask again",
        details={"cause": "clock_behind", "seconds_behind": micros // SECOND},
    )


def rules_unreadable() -> Unavailable:
    """Return the fault of a process that never read a sound rule book: nobody knows what may be permitted."""
    return Unavailable(
        "the contact policies cannot be read: nothing is stored; mend what `banyan rules check` reports, and ask again",
        details={"cause": "rules_unreadable"},
    )


def check_size(field: str, items: Sequence[object], limit: int) -> None:
    """Raise BatchTooLarge when there are more than `limit` items."""
    if len(items) > limit:
        message = f"{field}: {len(items)} are too many, at most {limit} in one call"
        raise BatchTooLarge(message, details={"field": field, "limit": limit})


def invalid(field: str, message: str) -> InvalidRequest:
    """Return the fault that names a place in the caller's payload."""
    return InvalidRequest(f"{field}: {message}", details={"field": field})


def check_text(field: str, text: str, *, is_required: bool = False) -> None:
    """Raise InvalidRequest for a text that is too long, unprintable, or says nothing although it is required."""
    if len(text) > _LONGEST or not text.isprintable():
        raise invalid(field, f"at most {_LONGEST} printable characters")
    if is_required and not text.strip():
        raise invalid(field, "is empty")


def check_scope(
    field: str, channel: str | None, category: str | None, starts_at: datetime | None, ends_at: datetime | None
) -> None:
    """Raise InvalidRequest for a channel, category or span of time that makes no sense."""
    if channel is not None and channel not in CHANNELS:
        raise invalid(f"{field}.channel", f"unknown channel {channel!r}: expected one of {', '.join(CHANNELS)}")
    if category is not None:
        check_text(f"{field}.category", category)
    if category == "":
        raise invalid(f"{field}.category", "empty: leave it out to mean all")
    for name, moment in (("starts_at", starts_at), ("ends_at", ends_at)):
        if moment is not None and moment.tzinfo is None:
            raise invalid(f"{field}.{name}", "has no UTC offset")
    if starts_at is not None and ends_at is not None and ends_at <= starts_at:
        raise invalid(f"{field}.ends_at", "is not after starts_at")
