"""Requests and replies as JSON, with nothing but the standard library."""

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Protocol

from .errors import BanyanError, InvalidRequest, RemoteFault, reported

_FAULT_PARTS = 3


class Codec(Protocol):
    """How arguments become bytes, and bytes a result."""

    def encode(self, arguments: Mapping[str, object]) -> bytes:
        """Write a request down; raises InvalidRequest for what JSON cannot hold."""
        ...

    def decode(self, body: bytes) -> Any:  # noqa: ANN401 - whatever the method tells
        """Return the result; raises the error that the service reported."""
        ...


class JsonCodec:
    """The codec of integrators: builtins, and dates and instants as ISO 8601."""

    def encode(self, arguments: Mapping[str, object]) -> bytes:
        """Write a request down; raises InvalidRequest for what JSON cannot hold."""
        return to_json({"args": [], "kwargs": arguments})

    def decode(self, body: bytes) -> Any:  # noqa: ANN401 - whatever the method tells
        """Return the result; raises the error that the service reported, RemoteFault for what is no reply."""
        try:
            reply = json.loads(body)
            error = reply["error"]
            if error is None:
                return reply["result"]
        except (ValueError, TypeError, KeyError, RecursionError) as fault:
            raise RemoteFault("invalid_reply", f"the reply is not what the contract says: {fault!r}") from None
        raise _reported(error)


JSON = JsonCodec()


def to_json(value: object) -> bytes:
    """Return a value as JSON in UTF-8; raises InvalidRequest for what JSON cannot hold."""
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=_as_text)
        return text.encode()
    except (TypeError, ValueError, RecursionError) as fault:
        raise InvalidRequest(f"this cannot be sent as JSON: {fault}", details={"field": "$"}) from None


def _as_text(value: object) -> str:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError(f"{value.isoformat()} has no UTC offset")
    if isinstance(value, date):  # an instant, too, is a date
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} is no JSON")


def _reported(error: Any) -> BanyanError:  # noqa: ANN401 - as it came
    parts = error.get("exc_args") if isinstance(error, dict) else None
    if isinstance(parts, list) and len(parts) == _FAULT_PARTS and isinstance(parts[2], dict):
        return reported(str(parts[0]), str(parts[1]), parts[2])
    kind = error.get("exc_type") if isinstance(error, dict) else error
    value = error.get("value") if isinstance(error, dict) else ""
    return RemoteFault("internal_fault", f"{kind}: {value}")
