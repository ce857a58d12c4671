"""Orders over HTTP in two halves: the promotion package in CRM, the service in ISMP.

Both systems take a batch `POST {base}/orders` and, for taking back, `POST {base}/cancellations`, with the body
`{"orders": [{"order_id", "customer_id", "offering_id", "products"}]}` and the header `Idempotency-Key`; they answer
`{"results": [{"order_id", "status": "done" | "refused", "message"}]}`. An order they know is answered as before; one
that was taken back stays taken back, however late its first request arrives. `banyan sandbox serve` plays both.

Only `done` and `refused` are answers. An order that is left out, answered otherwise or twice in different words is
open: it is asked for again. A batch refused as a whole (400, 413, 422) is asked for in halves, so that one order a
system cannot stomach does not hold up the others.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Self

import httpx
import msgspec

from services.campaigns.domain.offering import Offering, reach_of
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from shared.kernel.faults import Unavailable
from shared.kernel.identity import derive_id
from shared.observability.http_figures import http_call


class _Answer(msgspec.Struct, frozen=True):
    order_id: str
    status: str
    message: str | None = ""


class _Reply(msgspec.Struct, frozen=True):
    results: list[msgspec.Raw]


class _BatchRefused(Exception):  # noqa: N818 - not a fault: the reason to ask in halves
    pass


_SECONDS = 10.0
_LARGEST_REPLY = 4_000_000
_LONGEST_MESSAGE = 300
_BAD_BATCH = frozenset({400, 413, 422})
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_OPEN = "open"
_Body = dict[str, object]
_Answers = dict[str, _Answer]


class HttpFulfilment:
    """Port `Fulfilment`: CRM first, then ISMP; what ISMP refuses is taken back in CRM.

    A half that does not answer leaves its orders open: they are asked for again under the same id, so that nothing is
    carried out twice and no half stands alone for good.
    """

    @classmethod
    def connect(cls, crm_url: str, ismp_url: str, *, seconds: float = _SECONDS) -> Self:
        """Reach both systems over HTTP; each call waits at most `seconds` for the next byte and twice that in all."""
        # No proxies from the environment: orders go to the systems the settings name and nowhere else.
        return cls(httpx.Client(timeout=seconds, trust_env=False), crm_url, ismp_url, seconds=2 * seconds)

    def __init__(
        self,
        client: httpx.Client,
        crm_url: str,
        ismp_url: str,
        *,
        seconds: float = 2 * _SECONDS,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare; `client` carries time-outs and credentials, a whole answer may take `seconds`."""
        self._client = client
        self._urls = {"CRM": crm_url.rstrip("/"), "ISMP": ismp_url.rstrip("/")}
        self._seconds = seconds
        self._now = now

    def carry_out(
        self,
        orders: Sequence[SalesOrder],
        offerings: Mapping[str, Offering],
        assumed: Mapping[str, float],  # noqa: ARG002 - for the simulator alone
    ) -> list[FulfilmentResult]:
        """Carry out a batch; raises Unavailable when CRM does not answer: then nobody knows what it has begun."""
        bodies = {order.contact_id: _body(order, offerings) for order in orders}
        in_crm = self._ask("CRM", "orders", list(bodies.values()))
        packaged = [name for name, answer in in_crm.items() if answer.status == "done"]
        in_ismp = self._ask_if_there("ISMP", "orders", [bodies[name] for name in packaged])
        refused = [name for name, answer in in_ismp.items() if answer.status == "refused"]
        taken_back = self._ask_if_there("CRM", "cancellations", [bodies[name] for name in refused])
        return [_result(order.contact_id, in_crm, in_ismp, taken_back) for order in orders]

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask_if_there(self, system: str, what: str, bodies: list[_Body]) -> _Answers:
        """Ask; a system that does not answer leaves every order open."""
        try:
            return self._ask(system, what, bodies)
        except Unavailable as fault:
            return {str(body["order_id"]): _Answer(str(body["order_id"]), _OPEN, fault.message) for body in bodies}

    def _ask(self, system: str, what: str, bodies: list[_Body]) -> _Answers:
        """Return for every order `done`, `refused` or `open`; raises Unavailable where there is no answer at all."""
        if not bodies:
            return {}
        names = [str(body["order_id"]) for body in bodies]
        try:
            content = self._post(system, what, bodies, names)
        except _BatchRefused as refused:
            if len(bodies) == 1:
                return {names[0]: _Answer(names[0], _OPEN, f"the request was refused: {refused}")}
            middle = len(bodies) // 2
            return self._ask(system, what, bodies[:middle]) | self._ask(system, what, bodies[middle:])
        return _read(system, names, content)

    def _post(self, system: str, what: str, bodies: list[_Body], names: list[str]) -> bytes:
        url = f"{self._urls[system]}/{what}"
        headers = {"Idempotency-Key": derive_id(url, *names)}
        try:
            with (
                http_call(system, what, headers) as call,
                self._client.stream("POST", url, json={"orders": bodies}, headers=call.headers) as response,
            ):
                call.status = response.status_code
                if response.status_code in _BAD_BATCH:
                    raise _BatchRefused(f"HTTP {response.status_code}")
                if not response.is_success:
                    raise Unavailable(f"{system} answered HTTP {response.status_code}")
                return self._content(system, response)
        except httpx.HTTPError as fault:
            # Its own words may hold the address, and that credentials.
            raise Unavailable(f"{system} did not answer: {type(fault).__name__}") from None

    def _content(self, system: str, response: httpx.Response) -> bytes:
        """Read an answer of bounded size in bounded time, however slowly it drips."""
        content, until = bytearray(), self._now() + self._seconds
        for piece in response.iter_bytes():
            content += piece
            if len(content) > _LARGEST_REPLY:
                raise Unavailable(f"{system} did not answer: more than {_LARGEST_REPLY} bytes")
            if self._now() > until:
                raise Unavailable(f"{system} did not answer within {self._seconds:g} s")
        return bytes(content)


def _read(system: str, names: Sequence[str], content: bytes) -> _Answers:
    try:
        rows = msgspec.json.decode(content, type=_Reply).results
    except _UNREADABLE:
        raise Unavailable(f"{system} did not answer: what came is not JSON with `results`") from None
    found: dict[str, set[_Answer]] = {}
    for row in rows:
        try:
            answer = msgspec.json.decode(row, type=_Answer)
        except _UNREADABLE:
            continue  # its order is left out
        found.setdefault(answer.order_id, set()).add(answer)
    return {name: _one(name, found.get(name, set())) for name in names}


def _one(name: str, answers: set[_Answer]) -> _Answer:
    """Make one answer of those an order got."""
    if not answers:
        return _Answer(name, _OPEN, "the answer leaves this order out")
    statuses = sorted({answer.status for answer in answers})
    if statuses not in (["done"], ["refused"]):
        return _Answer(name, _OPEN, _storable(f"answered {' and '.join(statuses)}"))
    messages = sorted(answer.message or "" for answer in answers)
    return _Answer(name, statuses[0], _storable(messages[-1]))


def _storable(text: str) -> str:
    """Shorten somebody else's words to what every database takes."""
    return "".join(letter if letter.isprintable() else " " for letter in text[:_LONGEST_MESSAGE])


def _body(order: SalesOrder, offerings: Mapping[str, Offering]) -> _Body:
    offering = offerings.get(order.offering_id)
    return {
        "order_id": order.contact_id,
        "customer_id": order.customer_id,
        "offering_id": order.offering_id,
        "products": sorted(reach_of(offering, offerings).products) if offering else [],
    }


def _result(order_id: str, in_crm: _Answers, in_ismp: _Answers, taken_back: _Answers) -> FulfilmentResult:
    if in_crm[order_id].status != "done":
        return _not_done("CRM", in_crm[order_id])
    answer = in_ismp[order_id]
    if answer.status == "done":
        return FulfilmentResult(order_id, is_fulfilled=True)
    if answer.status == "refused" and taken_back[order_id].status != "done":
        fault = f"ISMP: {answer.message}; CRM could not take its half back"
        return FulfilmentResult(order_id, is_fulfilled=False, fault=fault, retry=True)
    return _not_done("ISMP", answer)


def _not_done(system: str, answer: _Answer) -> FulfilmentResult:
    fault = f"{system}: {answer.message or answer.status}"
    return FulfilmentResult(answer.order_id, is_fulfilled=False, fault=fault, retry=answer.status == _OPEN)
