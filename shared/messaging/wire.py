"""What the bytes on the bus look like: nameko's protocol, spoken by our containers and by the pika client alike."""

import re
import time
from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any, TypeVar, cast

import msgspec

from shared.kernel.faults import Fault, InvalidRequest, NotAllowed, NotFound, RemoteFault, Unavailable

T = TypeVar("T")

RPC_EXCHANGE = "nameko-rpc"
DEAD_EXCHANGE = "banyan.dead"
JSON_TYPE = "application/json"
EVENT_ID = "banyan.event_id"
ATTEMPT = "banyan.attempt"
ERROR = "banyan.error"
REPLY_ADDRESS = re.compile(
    r"reply\.[A-Za-z0-9_@-]{1,64}\.[A-Za-z0-9_-]{1,64}|[A-Za-z0-9_-]{1,128}|amq\.gen-[A-Za-z0-9_-]{1,64}"
)
"""What a `reply_to` may be: `reply.<user>.<mark>`, one word, or the name of a queue the broker named: no method has
such a routing key."""

DEADLINE = "banyan.deadline"
"""Header of a request: until when its sender waits, in milliseconds since 1970 by the sender's clock."""

NO_JSON = (UnicodeDecodeError, RecursionError)
"""What msgspec raises beside its own errors: for texts that are not UTF-8, and for nesting without end."""

_PLACE = re.compile(r"`(\$[^`]*)`$")
_NAMED = re.compile(r"(?:required|unknown) field `([^`]+)`")


def attempts(headers: Mapping[str, Any]) -> int:
    """Return how often an event has failed; what somebody else wrote into the header counts for nothing."""
    value = headers.get(ATTEMPT)
    return value if isinstance(value, int) and value > 0 else 0


def deadline(seconds: float) -> int:
    """Return the header of a request whose sender waits so long from now on."""
    return round((time.time() + seconds) * 1000)


def late_by(headers: Mapping[str, Any]) -> float:
    """Return how many seconds ago the sender stopped waiting; 0.0 while it waits, or where it says nothing sensible."""
    value = headers.get(DEADLINE)
    return max(0.0, time.time() - value / 1000) if type(value) is int and value > 0 else 0.0


class Envelope(msgspec.Struct, forbid_unknown_fields=True):
    """A request: arguments by position (nameko's own clients) or by name (ours), decoded later against the method."""

    args: list[msgspec.Raw]
    kwargs: msgspec.Raw


class WireFault(msgspec.Struct):
    """A fault as nameko writes errors; ours carry code, message and details in `exc_args`."""

    exc_type: str
    exc_path: str
    exc_args: list[Any]
    value: Any


class Reply(msgspec.Struct):
    """A reply: either a result or an error."""

    result: msgspec.Raw
    error: WireFault | None


def encode_request(arguments: object) -> bytes:
    """Encode a call; `arguments` maps names to structs or builtins."""
    return msgspec.json.encode({"args": [], "kwargs": arguments})


def encode_result(result: object) -> bytes:
    """Encode a successful reply; raises TypeError for what JSON cannot hold."""
    return msgspec.json.encode({"result": result, "error": None})


def encode_fault(fault: Fault) -> bytes:
    """Encode a fault as a reply; a detail that JSON cannot hold is written as text."""
    error = {
        "exc_type": type(fault).__name__,
        "exc_path": f"{type(fault).__module__}.{type(fault).__qualname__}",
        "exc_args": [fault.code, fault.message, fault.details],
        "value": fault.message,
    }
    return msgspec.json.encode({"result": None, "error": error}, enc_hook=str)


def decode_reply(body: bytes | str, returns: type[T]) -> T:
    """Return the result as `returns`; raises the fault that the other side reported, or `invalid_reply`."""
    try:
        reply = _decoder(Reply).decode(body)
        if reply.error is None:
            return cast(T, _decoder(cast(Hashable, returns)).decode(reply.result))
    except (msgspec.MsgspecError, *NO_JSON) as fault:
        raise RemoteFault("invalid_reply", f"the reply is not what the contract says: {fault}") from None
    raise decode_fault(reply.error)


def decode_fault(error: WireFault) -> Fault:
    """Turn a wire error into the fault it stands for; errors of foreign nameko services get `internal_fault`."""
    match error.exc_args:
        case [str(code), str(message), dict(details)]:
            return _typed(code, message, details)
        case _:
            return RemoteFault("internal_fault", f"{error.exc_type}: {error.value}")


def invalid(fault: Exception, what: str) -> InvalidRequest:
    """Name the field that msgspec found wrong, as in `requests[3].channel`."""
    text = str(fault)
    place = found.group(1) if (found := _PLACE.search(text)) else "$"
    if named := _NAMED.search(text):
        place = f"{place}.{named.group(1)}"
    field = place.removeprefix("$").removeprefix(".") or what
    return InvalidRequest(f"{what}: {text}", details={"field": field})


def _typed(code: str, message: str, details: dict[str, Any]) -> Fault:
    for kind in (InvalidRequest, NotFound, NotAllowed, Unavailable):
        if kind.code == code:
            return kind(message, details=details)
    return RemoteFault(code, message, details=details)


@lru_cache(maxsize=1024)
def _decoder(returns: Hashable) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(cast(type, returns))
