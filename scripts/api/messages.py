"""The messages of the AsyncAPI document: what a request, a reply, a fault and an event look like."""

from collections.abc import Mapping, Sequence
from typing import Any

from scripts.api.fault_codes import Code
from scripts.api.reading import Method
from shared.messaging.wire import ATTEMPT, DEADLINE, ERROR, EVENT_ID, JSON_TYPE
from shared.observability.correlation import CORRELATION, TRACEPARENT

_TRACEPARENT = r"^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"
_ENCODED = {"amqp": {"contentEncoding": "utf-8", "bindingVersion": "0.3.0"}}
_BY_CORRELATION = {
    "location": "$message.header#/correlation_id",
    "description": "The AMQP property correlation_id: the caller chooses it, the reply bears the same.",
}
_CARRIED: dict[str, Any] = {
    CORRELATION: {
        "type": "string",
        "description": "One id for all that follows from one cause; it stands in every log line. Made up if absent.",
    },
    TRACEPARENT: {"type": "string", "pattern": _TRACEPARENT, "description": "W3C Trace Context, carried on."},
}


def traits() -> dict[str, Any]:
    """Return what all requests, all replies, all events and all feeds have in common."""
    return {
        "request": {
            **_trait(_CARRIED | {DEADLINE: _deadline()}, []),
            "correlationId": _BY_CORRELATION,
            "x-amqp-properties": _properties(
                reply_to="required: the routing key, on exchange nameko-rpc, that your reply queue is bound with",
                correlation_id="yours, to know the reply by",
            ),
        },
        "reply": {
            **_trait({}, []),
            "correlationId": _BY_CORRELATION,
            "x-amqp-properties": _properties(correlation_id="that of the request"),
        },
        "event": {
            **_trait(_CARRIED | {EVENT_ID: _event_id(), ATTEMPT: _attempt(), ERROR: _error()}, [EVENT_ID]),
            "x-amqp-properties": _properties(message_id=f"the same as the header {EVENT_ID}"),
        },
        "feed": {**_trait({}, []), "x-amqp-properties": _properties()},
    }


def request(method: Method, schemas: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Return the request of a method; `schemas` are those of its arguments."""
    named = {each.name: dict(schema) for each, schema in zip(method.arguments, schemas, strict=True)}
    for each in method.arguments:
        if not each.is_required:
            named[each.name]["default"] = each.default
    arguments: dict[str, Any] = {"type": "object", "properties": named, "additionalProperties": False}
    if required := [each.name for each in method.arguments if each.is_required]:
        arguments["required"] = required
    nothing = {"type": "array", "maxItems": 0, "description": "Arguments go by name: leave this empty."}
    return {
        "name": f"{method.address} request",
        "summary": method.says,
        "traits": [{"$ref": "#/components/messageTraits/request"}],
        "payload": {**_told({"args": nothing, "kwargs": arguments}), "additionalProperties": False},
    }


def reply(method: Method, result: dict[str, Any]) -> dict[str, Any]:
    """Return the reply of a method that went well."""
    return {
        "name": f"{method.address} reply",
        "traits": [{"$ref": "#/components/messageTraits/reply"}],
        "payload": _told({"result": result, "error": {"type": "null"}}),
    }


def fault(codes: Mapping[str, Code]) -> dict[str, Any]:
    """Return the reply of a method that did not; `exc_args` holds code, message and details."""
    names = [name for name, code in codes.items() if code.is_answered]
    known = {"type": "string", "description": "Stable: act on it. Later releases may add codes.", "examples": names}
    told = [known, {"type": "string", "description": "for people"}, {"type": "object", "description": "the field, …"}]
    error = _told(
        {
            "exc_type": {"type": "string", "description": "a name in our source: do not rely on it"},
            "exc_path": {"type": "string", "description": "likewise"},
            "exc_args": {"type": "array", "items": told, "minItems": 3, "maxItems": 3},
            "value": {"type": "string", "description": "the message again"},
        }
    )
    return {
        "name": "fault",
        "summary": "The request was refused or failed. That the answer is no is never a fault but a verdict.",
        "traits": [{"$ref": "#/components/messageTraits/reply"}],
        "payload": _told({"result": {"type": "null"}, "error": error}),
    }


def event(name: str, body: dict[str, Any], says: str) -> dict[str, Any]:
    """Return an event."""
    return {
        "name": name,
        "summary": says,
        "traits": [{"$ref": "#/components/messageTraits/event"}],
        "payload": body,
    }


def _trait(headers: dict[str, Any], required: list[str]) -> dict[str, Any]:
    schema: dict[str, Any] = {"type": "object", "properties": headers}
    if required:
        schema["required"] = required
    return {"contentType": JSON_TYPE, "headers": schema, "bindings": _ENCODED}


def _properties(**more: str) -> dict[str, str]:
    return {"content_type": JSON_TYPE, "content_encoding": "utf-8", "delivery_mode": "2 (persistent)", **more}


def _told(fields: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": fields, "required": list(fields)}


def _deadline() -> dict[str, Any]:
    says = "Until when the caller waits: milliseconds since 1970 by its clock. Taken up later: fault `expired`."
    return {"type": "integer", "minimum": 0, "description": says}


def _event_id() -> dict[str, Any]:
    return {"type": "string", "description": "The same whenever this event comes again: deal with each id once."}


def _attempt() -> dict[str, Any]:
    return {"type": "integer", "minimum": 1, "description": "Set by a service that tries again: how often it failed."}


def _error() -> dict[str, Any]:
    return {"type": "string", "description": "Set by a service that tries again or gives up: why it failed."}
