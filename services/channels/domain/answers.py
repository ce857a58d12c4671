"""Simulated subscribers: how they answer, drawn from an order's propensity; nothing here is a measured behaviour.

Every draw depends on the seed and the contact alone, so neither the order of a batch nor a restart changes it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.channels.domain.order import Order
from services.channels.domain.words import Channel, Outcome
from shared.kernel.identity import unit_interval

_REST: Final[Mapping[Channel, Outcome | None]] = {
    "hall": None,
    "outbound_call": "no_answer",
    "hotline": "no_answer",
    "sms": "ignored",
    "web": "ignored",
}
"""What the probability left over means; in the hall: the subscriber does not come while the order lives."""

_VISIT_DAYS: Final[Mapping[Channel, int]] = {"hall": 3, "web": 1}
"""The latest day of a visit, counted from the planned one."""

_DELAYS: Final[Mapping[Channel, tuple[timedelta, timedelta]]] = {
    "hall": (timedelta(minutes=3), timedelta(minutes=15)),
    "outbound_call": (timedelta(minutes=1), timedelta(minutes=8)),
    "hotline": (timedelta(minutes=2), timedelta(minutes=10)),
    "sms": (timedelta(minutes=5), timedelta(hours=6)),
    "web": (timedelta(seconds=20), timedelta(minutes=5)),
}
_RECEIPT: Final = (timedelta(seconds=5), timedelta(minutes=2))
_RECEIPTS: Final[frozenset[Outcome]] = frozenset({"delivered", "unreachable"})

REFUSALS: Final = (
    "不了解 / does not know the product",
    "太贵 / too expensive",
    "不需要 / has no need",
    "已用其他业务 / uses something else",
    "担心乱扣费 / fears unclear charges",
    "没有时间 / has no time",
)


@dataclass(frozen=True, slots=True)
class SimulatedContact:
    """When a simulated contact takes place and what comes of it."""

    at: datetime
    outcome: Outcome
    answered_at: datetime
    detail: str


def simulated_contact(order: Order, seed: str) -> SimulatedContact | None:
    """Draw one contact; None when the subscriber does not come to the hall before the order expires."""
    outcome = _drawn(order, unit_interval(seed, order.contact_id, "outcome"))
    if outcome is None:
        return None
    at = _visit(order, seed)
    low, high = _RECEIPT if outcome in _RECEIPTS else _DELAYS[order.channel]
    delay = low + (high - low) * unit_interval(seed, order.contact_id, "delay")
    detail = ""
    if outcome == "refused":
        detail = REFUSALS[int(unit_interval(seed, order.contact_id, "reason") * len(REFUSALS))]
    return SimulatedContact(at, outcome, at + delay, detail)


def _drawn(order: Order, draw: float) -> Outcome | None:
    reached = 0.0
    for outcome in sorted(order.propensity):
        reached += order.propensity[outcome]
        if draw < reached:
            return outcome  # type: ignore[return-value]  # orders with other words are refused when they come in
    return _REST[order.channel]


def _visit(order: Order, seed: str) -> datetime:
    """Return when the contact takes place: as planned, or at the same hour of a later day for those who must come.

    The hour stays as planned because that hour was found permissible.
    """
    latest = min(_VISIT_DAYS.get(order.channel, 0), (order.expires_at - order.planned_at).days)
    if latest == 0:
        return order.planned_at
    return order.planned_at + timedelta(days=int(unit_interval(seed, order.contact_id, "visit") * (latest + 1)))
