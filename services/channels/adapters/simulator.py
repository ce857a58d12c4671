"""Subscribers, clerks and agents, all made up: stands in for every channel in a rehearsal."""

from collections.abc import Sequence
from datetime import datetime

from services.channels.domain.answers import simulated_contact
from services.channels.domain.order import Order
from services.channels.domain.sending import Answer, Queued, Sending, Sent


class Simulator:
    """Answers from the order's propensity and a seed; all it returns is marked as simulated."""

    external = False
    simulated = True

    def __init__(self, seed: str) -> None:
        self._seed = seed

    def send(self, orders: Sequence[Order], now: datetime) -> list[Sending]:
        """Make the contacts whose moment has come; who visits later waits, who never comes stays on the list."""
        return [self._send(order, now) for order in orders]

    def answers(self, orders: Sequence[Order]) -> list[Answer]:
        """Draw the same answers again that `send` set the times for."""
        drawn = ((order.contact_id, simulated_contact(order, self._seed)) for order in orders)
        return [
            Answer(contact_id, contact.outcome, contact.answered_at, contact.detail)
            for contact_id, contact in drawn
            if contact
        ]

    def _send(self, order: Order, now: datetime) -> Sending:
        contact = simulated_contact(order, self._seed)
        if contact is None:
            return Queued(order.contact_id)
        if contact.at > now:
            return Queued(order.contact_id, contact.at)
        return Sent(order.contact_id, contact.at, contact.answered_at)
