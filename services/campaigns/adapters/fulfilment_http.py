"""Orders over HTTP in two halves: the promotion package in CRM, the service in ISMP.

Both systems take a batch `POST {base}/orders` and, for taking back, `POST {base}/cancellations`, with the body
`{"orders": [{"order_id", "customer_id", "offering_id", "products"}]}` and the header `Idempotency-Key`; they answer
`{"results": [{"order_id", "status": "done" | "refused", "message"}]}`. An order they know is answered as before.
"""

from collections.abc import Mapping, Sequence
from typing import Self

import httpx
import msgspec

from services.campaigns.domain.offering import Offering, reach_of
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from shared.kernel.faults import Unavailable
from shared.kernel.identity import derive_id


class _Answer(msgspec.Struct, frozen=True):
    order_id: str
    status: str
    message: str = ""


class _Answers(msgspec.Struct, frozen=True):
    results: list[_Answer]


_SECONDS = 10.0


class HttpFulfilment:
    """Port `Fulfilment`: CRM first, then ISMP; what ISMP refuses is taken back in CRM.

    A half that does not answer leaves its orders open: they are asked for again under the same id, so that nothing is
    carried out twice and no half stands alone for good.
    """

    @classmethod
    def connect(cls, crm_url: str, ismp_url: str) -> Self:
        """Reach both systems over HTTP; each call waits at most ten seconds."""
        return cls(httpx.Client(timeout=_SECONDS), crm_url, ismp_url)

    def __init__(self, client: httpx.Client, crm_url: str, ismp_url: str) -> None:
        """Prepare; `client` carries time-outs and credentials."""
        self._client = client
        self._crm_url = crm_url.rstrip("/")
        self._ismp_url = ismp_url.rstrip("/")

    def carry_out(
        self,
        orders: Sequence[SalesOrder],
        offerings: Mapping[str, Offering],
        assumed: Mapping[str, float],  # noqa: ARG002 - for the simulator alone
    ) -> list[FulfilmentResult]:
        """Carry out a batch; raises Unavailable when CRM does not answer: then nothing was begun for sure."""
        bodies = {order.contact_id: _body(order, offerings) for order in orders}
        in_crm = self._post(f"{self._crm_url}/orders", list(bodies.values()))
        packaged = [name for name, answer in in_crm.items() if answer.status == "done"]
        try:
            in_ismp = self._post(f"{self._ismp_url}/orders", [bodies[name] for name in packaged])
        except Unavailable as fault:
            waiting = {name: FulfilmentResult(name, False, f"ISMP: {fault.message}", retry=True) for name in packaged}
            return [waiting.get(order.contact_id) or _refused("CRM", in_crm[order.contact_id]) for order in orders]
        taken_back = self._take_back([bodies[name] for name in packaged if in_ismp[name].status != "done"])
        return [self._result(order.contact_id, in_crm, in_ismp, taken_back) for order in orders]

    def _result(
        self,
        order_id: str,
        in_crm: Mapping[str, _Answer],
        in_ismp: Mapping[str, _Answer],
        taken_back: frozenset[str],
    ) -> FulfilmentResult:
        if order_id not in in_ismp:
            return _refused("CRM", in_crm[order_id])
        answer = in_ismp[order_id]
        if answer.status == "done":
            return FulfilmentResult(order_id, is_fulfilled=True)
        if order_id in taken_back:
            return _refused("ISMP", answer)
        fault = f"ISMP: {answer.message}; CRM could not take its half back"
        return FulfilmentResult(order_id, is_fulfilled=False, fault=fault, retry=True)

    def _take_back(self, bodies: list[dict[str, object]]) -> frozenset[str]:
        """Cancel the CRM half; return the orders for which that worked."""
        try:
            answers = self._post(f"{self._crm_url}/cancellations", bodies)
        except Unavailable:
            return frozenset()
        return frozenset(name for name, answer in answers.items() if answer.status == "done")

    def _post(self, url: str, bodies: list[dict[str, object]]) -> dict[str, _Answer]:
        """Return an answer for every order of the batch, or raise Unavailable."""
        if not bodies:
            return {}
        names = [str(body["order_id"]) for body in bodies]
        headers = {"Idempotency-Key": derive_id(url, *names)}
        try:
            response = self._client.post(url, json={"orders": bodies}, headers=headers)
            response.raise_for_status()
            answers = msgspec.json.decode(response.content, type=_Answers).results
        except (httpx.HTTPError, msgspec.DecodeError) as fault:
            raise Unavailable(f"{url} did not answer: {fault}") from None
        found = {answer.order_id: answer for answer in answers}
        if missing := [name for name in names if name not in found]:
            raise Unavailable(f"{url} left out {len(missing)} orders, the first {missing[0]}")
        return found


def _body(order: SalesOrder, offerings: Mapping[str, Offering]) -> dict[str, object]:
    offering = offerings.get(order.offering_id)
    return {
        "order_id": order.contact_id,
        "customer_id": order.customer_id,
        "offering_id": order.offering_id,
        "products": sorted(reach_of(offering, offerings).products) if offering else [],
    }


def _refused(system: str, answer: _Answer) -> FulfilmentResult:
    return FulfilmentResult(answer.order_id, is_fulfilled=False, fault=f"{system}: {answer.message or answer.status}")
