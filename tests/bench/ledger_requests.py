"""What is asked of the ledger: batches of requests for subscribers drawn by chance, the same in every run."""

import random
from collections.abc import Sequence
from datetime import timedelta

from shared.contracts.governance import ContactRequest, Verdict
from tests.bench.ledger_base import NOW

_CHANNELS = ("sms", "sms", "outbound_call", "web")
_CATEGORIES = ("music", "news", "finance", "tools", "games")
_DAYLIGHT = 12 * 60  # minutes from nine in the morning, when it is `NOW`, to nine in the evening
_NIGHT = 13 * 60 + 30  # half past ten
_AT_NIGHT = 0.03


class Asking:
    """Draws requests, never twice for the same subscriber in different batches; the same for the same seed."""

    def __init__(self, subscribers: int, seed: str) -> None:
        self._subscribers, self._chance = subscribers, random.Random(seed)
        self._asked: set[int] = set()

    def batch(self, size: int, each: int = 1) -> list[ContactRequest]:
        """Return `size` requests, `each` of one subscriber, planned within twice as many days."""
        subscribers = [self._draw() for _ in range(size // each)]
        return [self._request(number, 2 * each) for number in subscribers for _ in range(each)]

    def _draw(self) -> int:
        if 2 * len(self._asked) >= self._subscribers:
            raise ValueError("the ledger has too few subscribers for so many requests")
        while (number := self._chance.randrange(self._subscribers)) in self._asked:
            pass
        self._asked.add(number)
        return number

    def _request(self, subscriber: int, days: int) -> ContactRequest:
        chance = self._chance
        minutes = _NIGHT if chance.random() < _AT_NIGHT else chance.randrange(_DAYLIGHT)
        return ContactRequest(
            contact_id=f"{chance.getrandbits(96):024x}",
            customer_id=f"FJ{subscriber + 1:08d}",
            channel=chance.choice(_CHANNELS),
            campaign_id=f"campaign-{chance.randrange(20)}",
            offering_id=f"offering-{chance.randrange(40)}",
            category=chance.choice(_CATEGORIES),
            purpose="marketing",
            direction="outbound",
            planned_at=NOW + timedelta(days=chance.randrange(days), minutes=minutes),
            priority=round(chance.random(), 6),
        )


def permitted(verdicts: Sequence[Verdict]) -> set[str]:
    """Return the contacts that were permitted."""
    return {one.contact_id for one in verdicts if one.verdict == "permit"}
