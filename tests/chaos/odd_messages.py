"""Messages nobody should send, by what is odd about them as AMQP messages: body, properties, headers, event id."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, NamedTuple

from shared.messaging import wire

HUGE = 5 * 1024 * 1024
LIMIT = 4 * 1024 * 1024
"""What services of a run permit, so that a message above it need not be large."""
PING = b'{"args": [], "kwargs": {}}'
JSON = {"content_type": wire.JSON_TYPE}
_BYTES = b"\xff\xfe\x00"
_SHORT = ("content_type", "content_encoding", "correlation_id", "message_id", "app_id", "cluster_id")


class Odd(NamedTuple):
    """A message, and what must come of it."""

    title: str
    body: bytes
    properties: Mapping[str, Any]
    is_readable: bool = False
    """Whether it may be taken all the same; one that is not readable must be refused or parked."""
    key: bytes | None = None
    """Another routing key than the right one."""


def requests(container: str) -> list[Odd]:
    """Return odd requests to a container's `ping`; `reply_to` is set by whoever sends them unless it is given here."""
    return [
        *_bodies(),
        Odd("that says not where the answer goes", PING, JSON | {"reply_to": ""}),
        Odd("of no content type", PING, {"content_type": None}),
        Odd("of another content type", PING, {"content_type": "application/x-python-serialize"}),
        Odd("that is a pickle", b"\x80\x04K\x07.", {"content_type": "application/x-python-serialize"}),
        Odd("without named arguments", b'{"args": []}', JSON),
        Odd("with arguments of its own making", b'{"args": [], "kwargs": {}, "hints": 1}', JSON),
        Odd("with arguments by name in a list", b'{"args": [], "kwargs": []}', JSON),
        Odd("with too many arguments", b'{"args": [1, 2, 3], "kwargs": {}}', JSON),
        Odd("with an unknown argument", b'{"args": [], "kwargs": {"colour": "red"}}', JSON),
        Odd("that is huge", b'{"args": [], "kwargs": {"x": "' + b"x" * HUGE + b'"}}', JSON),
        Odd("to an unknown method", PING, JSON, key=f"{container}.no_such_method".encode()),
        Odd("to a private method", PING, JSON, key=f"{container}.__init__".encode()),
        Odd("to a method that is no text", PING, JSON, key=f"{container}.".encode() + _BYTES),
        Odd("to a method with a very long name", PING, JSON, key=f"{container}.".encode() + b"x" * 200),
        Odd("without a correlation id", PING, JSON | {"correlation_id": None}, is_readable=True),
        Odd("with a reply address nobody has", PING, JSON | {"reply_to": "nobody"}, is_readable=True),
        Odd("with a reply address that is no text", PING, JSON | {"reply_to": _BYTES}),
        *_properties(),
        *_headers(),
    ]


def events(body: bytes) -> list[Odd]:
    """Return odd events; `body` is a good one. Each has an id of its own unless the id is what is odd about it."""
    return [
        *_bodies(),
        Odd("of another shape", b'{"colour": "red"}', JSON),
        Odd("without an id", body, JSON | {"message_id": None}),
        Odd("with an empty id", body, JSON | {"message_id": ""}),
        Odd("with a NUL in its id", body, JSON | {"message_id": "a\x00b"}),
        Odd("with a very long id", body, JSON | {"headers": {wire.EVENT_ID: "x" * 9_000}}),
        Odd("with a number for an id", body, JSON | {"message_id": None, "headers": {wire.EVENT_ID: 7}}),
        Odd("with a list for an id", body, JSON | {"message_id": None, "headers": {wire.EVENT_ID: [1]}}),
        Odd("with a table for an id", body, JSON | {"message_id": None, "headers": {wire.EVENT_ID: {"a": 1}}}),
        Odd("with bytes for an id", body, JSON | {"message_id": None, "headers": {wire.EVENT_ID: _BYTES}}),
        Odd("with half a letter for an id", body, JSON | {"headers": {wire.EVENT_ID: b"\xed\xa0\x80"}}),
        *(
            Odd(f"that failed {value!r} times", body, JSON | {"headers": {wire.ATTEMPT: value}}, is_readable=True)
            for value in (2**62, -5, Decimal("2.5"), "x", {}, [1], None, True, _BYTES)
        ),
        Odd("with an error that is a number", body, JSON | {"headers": {wire.ERROR: 7}}, is_readable=True),
        *(one._replace(body=body) for one in (*_properties(), *_headers())),
    ]


def refused() -> list[Odd]:
    """Return messages that the broker itself refuses: its sender loses the channel, nobody else anything."""
    return [
        Odd("that expires after a negative time", PING, JSON | {"expiration": "-1"}),
        Odd("that expires after a word", PING, JSON | {"expiration": "soon"}),
        Odd("of an absurd delivery mode", PING, JSON | {"delivery_mode": 200}),
        Odd("in somebody else's name", PING, JSON | {"user_id": "somebody else"}),
    ]


def _bodies() -> list[Odd]:
    bodies = {
        "that is not JSON": b"not json",
        "that is not even text": _BYTES,
        "that is empty": b"",
        "that is a list": b"[1, 2]",
        "that is a number": b"7",
        "that is null": b"null",
        "that ends too early": b'{"args": [], "kwargs": {',
        "in UTF-16": PING.decode().encode("utf-16"),
        "nested without end": b"[" * 20_000,
        "nested without end in its arguments": b'{"args": [], "kwargs": {"x": ' + b'{"x":' * 20_000,
        "with a byte order mark": b"\xef\xbb\xbf[]",
    }
    return [Odd(title, body, JSON) for title, body in bodies.items()]


def _properties() -> list[Odd]:
    return [
        *(Odd(f"whose {name} is no text", PING, JSON | {name: _BYTES}) for name in _SHORT),
        Odd("of a content encoding nobody knows", PING, JSON | {"content_encoding": "x-klingon"}, is_readable=True),
        Odd("of an absurd priority", PING, JSON | {"priority": 255}, is_readable=True),
        Odd("that expires at once", PING, JSON | {"expiration": "0"}, is_readable=True),
        Odd("that expires in months", PING, JSON | {"expiration": "4294967295"}, is_readable=True),
        Odd("from the end of time", PING, JSON | {"timestamp": 2**64 - 1}, is_readable=True),
    ]


def _headers() -> list[Odd]:
    deep: dict[str, Any] = {}
    for _ in range(400):
        deep = {"k": deep}
    odd: dict[str, dict[Any, Any]] = {
        "a correlation that is a number": {"banyan.correlation_id": 7},
        "a correlation that is a table": {"banyan.correlation_id": {"a": [1]}},
        "a correlation that is no text": {"banyan.correlation_id": _BYTES},
        "a correlation with a NUL": {"banyan.correlation_id": "a\x00b"},
        "a correlation without end": {"banyan.correlation_id": "x" * 60_000},
        "a correlation that breaks the line": {"banyan.correlation_id": "x\r\nBcc: everybody"},
        "a traceparent of nonsense": {"traceparent": "00-zz-\x00-99"},
        "a traceparent that is a list": {"traceparent": [None, 1]},
        "a tracestate of nonsense": {
            "traceparent": "00-" + "0" * 32 + "-" + "0" * 16 + "-00",
            "tracestate": "=,=,\x00",
        },
        "nameko's headers of other types": {"nameko.call_id_stack": 7, "nameko.language": None, "nameko.": ""},
        "nothing but odd types": {"a": None, "b": Decimal("1.5"), "c": 2**40, "d": True, "e": [[]], "f": {}},
        "a moment": {"t": datetime(9999, 12, 31, tzinfo=UTC)},
        "half a letter": {"banyan.correlation_id": b"\xed\xa0\x80"},
        "a name that is no text": {b"\xff": "x"},
        "an empty name": {"": ""},
        "tables within tables": deep,
        "deaths of its own making": {"x-death": "often"},
    }
    return [
        Odd(f"with {title} in its headers", PING, JSON | {"headers": headers}, is_readable=True)
        for title, headers in odd.items()
    ]
