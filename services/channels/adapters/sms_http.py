"""An SMS gateway that speaks HTTP and JSON.

`POST <url>/messages` with `{"messages": [{"id", "to", "text"}]}` and the header `Idempotency-Key`; the reply is
`{"results": [{"id", "status": "accepted" | "rejected", "reason"}]}`. `id` is the contact's id: the gateway must send
a message of an id it has seen no second time. The header names the very same batch on a retry.
"""

import time
from collections.abc import Callable, Sequence
from typing import Literal

import httpx
import msgspec

from services.channels.application.ports import SmsMessage, Submission
from shared.kernel.identity import derive_id

MESSAGES_PER_REQUEST = 100
_ATTEMPTS = 3
_PAUSE_SECONDS = 0.2
_TIMEOUT = httpx.Timeout(5.0, connect=2.0)
_LARGEST_REPLY = 1_000_000
_TRY_LATER = frozenset({408, 425, 429})


class _Result(msgspec.Struct, frozen=True):
    id: str
    status: Literal["accepted", "rejected"]
    reason: str = ""


class _Reply(msgspec.Struct, frozen=True):
    results: list[_Result]


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
                response = self._client.post("/messages", content=msgspec.json.encode(body), headers=headers)
            except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout):
                continue  # nothing was handed over
            except httpx.HTTPError:
                may_have_arrived = True
                continue
            if response.is_success:
                return _read(ids, response.content)
            if response.is_client_error and response.status_code not in _TRY_LATER:
                return self._refused(ids, response.status_code, may_have_arrived=may_have_arrived)
            # A gateway that breaks (5xx) may have sent before it broke; one that asks for patience has not.
            may_have_arrived = may_have_arrived or response.is_server_error
        return [Submission(name, is_accepted=False, may_have_arrived=may_have_arrived) for name in ids]

    @staticmethod
    def _refused(ids: Sequence[str], status: int, *, may_have_arrived: bool) -> list[Submission]:
        # The whole request was refused (credentials, a changed path): no word on any one message, so none is final.
        reason = f"HTTP {status}"
        return [Submission(name, is_accepted=False, reason=reason, may_have_arrived=may_have_arrived) for name in ids]


def _read(ids: Sequence[str], content: bytes) -> list[Submission]:
    """Match the results to the messages; one the gateway says nothing of may have been sent."""
    try:
        reply = msgspec.json.decode(content[:_LARGEST_REPLY], type=_Reply)
    except msgspec.DecodeError:
        reply = _Reply([])
    told = {result.id: result for result in reply.results}
    return [_submission(name, told.get(name)) for name in ids]


def _submission(name: str, result: _Result | None) -> Submission:
    if result is None:
        return Submission(name, is_accepted=False, may_have_arrived=True)
    if result.status == "accepted":
        return Submission(name, is_accepted=True)
    return Submission(name, is_accepted=False, reason=result.reason or "rejected by the gateway", is_final=True)
