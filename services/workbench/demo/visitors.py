"""Simulated visitors: subscribers who come to the hall, call the hotline or open the web zone, and are advised."""

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from shared.contracts.campaigns import ContactRecord, Recommendation, RecommendContext, Response
from shared.contracts.wire import Channel, Outcome
from shared.kernel.identity import derive_id, unit_interval
from shared.messaging.calling import RpcCaller

_PLACES: tuple[tuple[float, Channel], ...] = ((0.5, "hall"), (0.8, "hotline"), (1.0, "web"))
_ANSWERS: tuple[tuple[float, Outcome], ...] = ((0.32, "accepted"), (0.55, "refused"), (0.85, "later"), (1.0, "ignored"))
_TIMEOUT = 20.0

Word = TypeVar("Word", Channel, Outcome)


class Visitors:
    """Draws visitors from known subscribers; the same seed draws the same ones."""

    def __init__(self, caller: RpcCaller, ids: Sequence[str], *, seed: int, at_a_time: int) -> None:
        self._caller = caller
        self._ids = ids
        self._seed = str(seed)
        self._at_a_time = at_a_time if ids else 0

    def come(self, at: datetime) -> int:
        """Let the visitors of this hour ask and answer; return how many offers they were made."""
        return sum(self._visit(at, number) for number in range(self._at_a_time))

    def _visit(self, at: datetime, number: int) -> int:
        key = (self._seed, "visit", at.isoformat(), str(number))
        customer_id = self._ids[int(unit_interval(*key, "who") * len(self._ids))]
        context = RecommendContext(request_id=derive_id(*key), limit=2)
        arguments = {"customer_id": customer_id, "channel": _draw(_PLACES, *key, "where"), "context": context}
        advice = self._caller.call("campaigns", "recommend", arguments, Recommendation, _TIMEOUT)
        for offer in advice.offers:
            response = Response(outcome=_draw(_ANSWERS, *key, offer.offering_id), detail="模拟应答 / simulated answer")
            self._respond(offer.contact_id, response)
            if response.outcome == "accepted":  # one new thing a visit is enough for anybody
                break
        return len(advice.offers)

    def _respond(self, contact_id: str, response: Response) -> None:
        arguments = {"contact_id": contact_id, "response": response}
        self._caller.call("campaigns", "respond", arguments, ContactRecord, _TIMEOUT)


def _draw(table: Sequence[tuple[float, Word]], *key: str) -> Word:
    chance = unit_interval(*key)
    return next(word for bound, word in table if chance < bound)
