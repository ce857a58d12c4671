"""An SMS gateway that speaks HTTP and JSON.

`POST <url>/messages` with `{"messages": [{"id", "to", "text"}]}` and the header `Idempotency-Key`; the reply is
`{"results": [{"id", "status": "accepted" | "rejected", "reason"}]}`. `id` is the contact's id: the gateway must send
a message of an id it has seen no second time. The header names the very same batch on a retry.

Only `accepted` and `rejected` are results. A message that is left out, answered otherwise or with both may have been
sent: it is asked for again under its id. Delivery receipts come later, over the bus, as outcome `delivered` of
`channels.record_outcome`. `banyan sandbox serve` plays the gateway.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress

import httpx
import msgspec

from services.channels.application.ports import SmsMessage, Submission
from shared.kernel.identity import derive_id
from shared.observability.http_figures import http_call

MESSAGES_PER_REQUEST = 100
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_LARGEST_REPLY = 1_000_000
_TRY_LATER = frozenset({408, 425, 429})


_LONGEST_ANSWER_SECONDS = 10.0
_LONGEST_REASON = 300
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


class _Result(msgspec.Struct, frozen=True):
    id: str
    status: str
    reason: str | None = ""


class _Reply(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]


class _Answer(msgspec.Struct, frozen=True):
    status: int
    content: bytes
    """Empty where it is too long, or took too long, to be an answer."""


class HttpSmsGateway:
    """Submits messages with time-outs and at most three attempts; never raises for what the gateway does wrong."""

    def __init__(
        self,
        url: str,
        *,
        timeout: httpx.Timeout = _TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        # No proxies from the environment: subscribers' numbers go to the gateway the settings name and nowhere else.
        self._client = httpx.Client(base_url=url.rstrip("/"), timeout=timeout, trust_env=False)
        self._sleep = sleep

    def submit(self, messages: Sequence[SmsMessage]) -> list[Submission]:
        """Submit messages, up to MESSAGES_PER_REQUEST in one request; one submission for each."""
        submissions: list[Submission] = []
        for start in range(0, len(messages), MESSAGES_PER_REQUEST):
            submissions += self._submit_some(messages[start : start + MESSAGES_PER_REQUEST])
        return submissions

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _submit_some(self, messages: Sequence[SmsMessage]) -> list[Submission]:
        ids = [message.message_id for message in messages]
        body = {
            "messages": [
                {"id": message.message_id, "to": message.customer_id, "text": message.text} for message in messages
            ]
        }
        headers = {"Idempotency-Key": derive_id(*ids), "Content-Type": "application/json"}
        may_have_arrived = False
        for attempt in range(_ATTEMPTS):
            if attempt:
                self._sleep(_PAUSE_SECONDS * 2**attempt)
            try:
                answer = self._post(msgspec.json.encode(body), headers)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                continue  # nothing was handed over
            except httpx.HTTPError:
                may_have_arrived = True
                continue
            if httpx.codes.is_success(answer.status):
                return _read(ids, answer.content)
            if httpx.codes.is_client_error(answer.status) and answer.status not in _TRY_LATER:
                return self._refused(ids, answer.status, may_have_arrived=may_have_arrived)
            # A gateway that breaks (5xx) may have sent before it broke; one that asks for patience has not.
            may_have_arrived = may_have_arrived or httpx.codes.is_server_error(answer.status)
        return [Submission(name, is_accepted=False, may_have_arrived=may_have_arrived) for name in ids]

    def _post(self, content: bytes, headers: Mapping[str, str]) -> _Answer:
        """Read an answer of bounded size in bounded time, however slowly it drips."""
        until = time.monotonic() + _LONGEST_ANSWER_SECONDS
        with (
            http_call("SMS", "messages", headers) as call,
            self._client.stream("POST", "/messages", content=content, headers=call.headers) as response,
        ):
            call.status = response.status_code
            read = bytearray()
            for piece in response.iter_bytes():
                read += piece
                if len(read) > _LARGEST_REPLY or time.monotonic() > until:
                    return _Answer(response.status_code, b"")
            return _Answer(response.status_code, bytes(read))

    @staticmethod
    def _refused(ids: Sequence[str], status: int, *, may_have_arrived: bool) -> list[Submission]:
        # The whole request was refused (credentials, a changed path): no word on any one message, so none is final.
        reason = f"HTTP {status}"
        return [Submission(name, is_accepted=False, reason=reason, may_have_arrived=may_have_arrived) for name in ids]


def _read(ids: Sequence[str], content: bytes) -> list[Submission]:
    """Match the results to the messages; one the gateway says nothing clear of may have been sent."""
    told: dict[str, dict[str, str]] = {}
    for result in _results(content):
        told.setdefault(result.id, {})[result.status] = result.reason or ""
    return [_submission(name, told.get(name, {})) for name in ids]


def _results(content: bytes) -> Iterator[_Result]:
    try:
        rows = msgspec.json.decode(content, type=_Reply).results
    except _UNREADABLE:
        return
    for row in rows:
        with suppress(*_UNREADABLE):
            yield msgspec.json.decode(row, type=_Result)


def _submission(name: str, told: Mapping[str, str]) -> Submission:
    if list(told) == ["accepted"]:
        return Submission(name, is_accepted=True)
    if list(told) == ["rejected"]:
        reason = "".join(letter if letter.isprintable() else " " for letter in told["rejected"][:_LONGEST_REASON])
        return Submission(name, is_accepted=False, reason=reason or "rejected by the gateway", is_final=True)
    return Submission(name, is_accepted=False, may_have_arrived=True)
