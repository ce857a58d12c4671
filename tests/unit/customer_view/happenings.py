"""Events as the tests of triggers tell them."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.contracts.customer_view import CustomerEvent

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
Fired = list[tuple[str, str, datetime]]
_numbers = itertools.count()


def event(customer_id: str, kind: str, ago: timedelta, *, of: datetime = NOW, **attributes: Any) -> CustomerEvent:
    number = f"e{next(_numbers)}"
    return CustomerEvent(event_id=number, customer_id=customer_id, type=kind, at=of - ago, attributes=attributes)


def quota(customer_id: str, ago: timedelta, percent: int = 85, *, of: datetime = NOW) -> CustomerEvent:
    return event(customer_id, "quota_passed", ago, of=of, percent=percent)
