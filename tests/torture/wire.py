"""What a client of governance puts on the bus and takes off it, as docs/integration.md describes; nothing of ours."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.torture.traffic import FIELDS, PLANNED_AT, Request

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fault(Exception):  # noqa: N818 - the project's word for it
    """What a service answered instead of a result: a stable code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def to_micros(text: str) -> int:
    """Return microseconds since 1970 of an ISO moment with an offset."""
    return (datetime.fromisoformat(text) - _EPOCH) // _MICROSECOND


def to_iso(micros: int) -> str:
    """Return the ISO moment of microseconds since 1970."""
    return (_EPOCH + timedelta(microseconds=micros)).isoformat()


def encode(kind: str, payload: list[Any]) -> bytes:
    """Return the body of a call; `payload` is what the log holds of it."""
    arguments: dict[str, object]
    if kind == "reserve":
        arguments = {"requests": [_request(one) for one in payload]}
    elif kind == "confirm":
        arguments = {"contact_ids": payload}
    elif kind == "release":
        arguments = {"contact_ids": payload, "reason": "not needed"}
    else:
        entry = {"reason": "asked", "source": "torture", "author": "client"}
        arguments = {"list": "opt_out", "entries": [{"customer_id": one, **entry} for one in payload]}
    return json.dumps({"args": [], "kwargs": arguments}, separators=(",", ":")).encode()


def decode(kind: str, body: bytes) -> list[Any]:
    """Return what the log keeps of an answer; raises Fault."""
    reply = json.loads(body)
    if reply["error"] is not None:
        raise Fault(str(reply["error"]["exc_args"][0]))
    result = reply["result"]
    if kind == "reserve":
        return [_verdict(one) for one in result]
    if kind in {"confirm", "release"}:
        return [[one["contact_id"], one["state"], one["overrun"]] for one in result]
    return [result]


def opt_out_event(contact_id: str, customer: str, micros: int) -> bytes:
    """Return the event `outcomes_recorded` of a subscriber who wants to be left alone."""
    outcome = {
        "contact_id": contact_id, "customer_id": customer, "campaign_id": "campaign-0", "offering_id": "offering-0",
        "channel": "sms", "outcome": "opt_out", "detail": "STOP", "at": to_iso(micros),
    }  # fmt: skip
    return json.dumps({"outcomes": [outcome]}).encode()


def _request(one: Request) -> dict[str, object]:
    fields: dict[str, object] = dict(zip(FIELDS, one, strict=True))
    return fields | {"planned_at": to_iso(one[PLANNED_AT])}


def _verdict(one: dict[str, Any]) -> Sequence[object]:
    if one["verdict"] == "permit":
        return [one["contact_id"], "permit", to_micros(one["expires_at"])]
    return [one["contact_id"], "suppress", one["reasons"][0]["rule_id"]]
