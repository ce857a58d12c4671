"""What can go wrong, as exceptions: each has a stable code to act on, a message to show, and details."""

from collections.abc import Mapping


class BanyanError(Exception):
    """A fault: somebody asked wrongly, or something is broken. That the answer is no is never one of these.

    `code` is stable, `message` is for people, `details` names the field, the cause or the number it is about.
    """

    code = "internal_fault"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, object] = dict(details or {})

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


class InvalidRequest(BanyanError):  # noqa: N818 - the word that services use
    """The request is not what the contract says; `details["field"]` is the path of the mistake."""

    code = "invalid_request"


class MessageTooLarge(InvalidRequest):
    """The message is larger than Banyan takes; nothing was sent. Send fewer items at a time."""

    code = "message_too_large"


class InvalidEvent(BanyanError):  # noqa: N818 - the word that services use
    """The body of an event is not JSON: no attempt can mend it, so park it."""

    code = "invalid_event"


class NotFound(BanyanError):  # noqa: N818 - the word that services use
    """What was named does not exist."""

    code = "not_found"


class NotAllowed(BanyanError):  # noqa: N818 - the word that services use
    """The thing is not in a state that permits it, or the broker does not let this user do it."""

    code = "not_allowed"


class Unavailable(BanyanError):  # noqa: N818 - the word that services use
    """Nobody could answer now. Asking again is safe: every write is idempotent by ids that the caller chooses.

    `may_have_happened` is False where the request certainly was not carried out.
    """

    code = "unavailable"

    def __init__(
        self, message: str, *, details: Mapping[str, object] | None = None, may_have_happened: bool = True
    ) -> None:
        super().__init__(message, details=details)
        self.may_have_happened = may_have_happened


class TimedOut(Unavailable):
    """No answer within the caller's time: whether it was carried out is not known."""


class RemoteFault(BanyanError):  # noqa: N818 - the word that services use
    """Any other fault that a service reported; keeps that service's code."""

    def __init__(self, code: str, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message, details=details)
        self.code = code


def reported(code: str, message: str, details: Mapping[str, object]) -> BanyanError:
    """Return the error that stands for a fault a service reported."""
    for kind in (InvalidRequest, MessageTooLarge, NotFound, NotAllowed, Unavailable):
        if kind.code == code:
            return kind(message, details=details)
    return RemoteFault(code, message, details=details)
