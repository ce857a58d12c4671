"""Read AMQP properties that py-amqp cannot: one message with a property that is no UTF-8 ended every process in turn.

py-amqp raises in the middle of a frame, out of the consumer's loop; the broker then delivers the same message to the
next process. Here such a message arrives without its properties and with the reason among its headers, so that the
entrypoint can dead-letter it. Found by tests/chaos with amqp 5.3 and 5.4.
"""

import struct
from collections.abc import Callable, Mapping
from typing import Any

from amqp import abstract_channel, serialization, spec
from amqp.exceptions import FrameSyntaxError

UNREADABLE = "banyan.unreadable"
"""Header that stands for the properties of a message which could not be read; its value says why."""

_BAD = (ValueError, OverflowError, RecursionError, OSError, ArithmeticError, struct.error, FrameSyntaxError)
_Decode = Callable[[bytes, int], tuple[dict[str, Any], int]]


def install() -> None:
    """Make py-amqp tolerant in this process; a second time changes nothing."""
    if abstract_channel.loads is _loads:
        return
    decode = serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID]
    serialization.PROPERTY_CLASSES[spec.Basic.CLASS_ID] = _tolerant(decode)
    abstract_channel.loads = _loads


def unreadable(headers: Mapping[str, Any]) -> str | None:
    """Return why a message's properties could not be read, None when they could."""
    reason = headers.get(UNREADABLE)
    return None if reason is None else f"properties that cannot be read: {reason}"


def _tolerant(decode: _Decode) -> _Decode:
    def tolerant(buffer: bytes, offset: int) -> tuple[dict[str, Any], int]:
        try:
            properties, end = decode(buffer, offset)
        except _BAD as fault:
            return _instead(f"{type(fault).__name__}: {fault}"), len(buffer)
        if not all(isinstance(name, str) for name in properties.get("application_headers") or ()):
            return _instead("the name of a header is no UTF-8"), len(buffer)  # nameko asks what each name begins with
        return properties, end

    return tolerant


def _instead(reason: str) -> dict[str, Any]:
    return {"application_headers": {UNREADABLE: reason}}


def _loads(format: bytes | str, buffer: bytes, offset: int) -> tuple[list[Any], int]:  # noqa: A002 - py-amqp's name
    """Read a method's arguments; a routing key that is no UTF-8 is read with replacement characters."""
    try:
        return serialization.loads(format, buffer, offset)  # type: ignore[no-any-return]  # amqp is untyped
    except UnicodeDecodeError:
        values: list[Any] = []
        for kind in format.decode() if isinstance(format, bytes) else format:
            if kind == "s":
                end = offset + 1 + buffer[offset]
                values.append(bytes(buffer[offset + 1 : end]).decode(errors="replace"))
                offset = end
            else:
                (value,), offset = serialization.loads(kind, buffer, offset)
                values.append(value)
        return values, offset
