"""Faults: somebody asked wrongly, or something is broken. That the answer is no is never a fault but a value."""

from collections.abc import Mapping


class Fault(Exception):  # noqa: N818 - "fault" is the house word; see docs/glossary.md
    """A failure with a stable code that travels over the bus and means the same in every release."""

    code = "internal_fault"

    def __init__(self, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.details: dict[str, object] = dict(details or {})


class InvalidRequest(Fault):
    """The caller's payload is not what the contract says; `details["field"]` names the place."""

    code = "invalid_request"


class NotFound(Fault):
    """What the caller named does not exist; `details` carries its kind and id."""

    code = "not_found"


class NotAllowed(Fault):
    """The request is well formed, but the thing it names is not in a state that permits it."""

    code = "not_allowed"


class Unavailable(Fault):
    """Something this service needs did not answer in time; the caller may try again."""

    code = "unavailable"


class RemoteFault(Fault):
    """A fault another service reported; keeps that service's code."""

    def __init__(self, code: str, message: str, *, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message, details=details)
        self.code = code
