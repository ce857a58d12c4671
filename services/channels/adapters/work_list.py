"""What hall, call centre and hotline have in common: a contact waits on a list until a person has made it."""

from collections.abc import Sequence
from datetime import datetime

from services.channels.domain.order import Order
from services.channels.domain.sending import Answer, Queued


class WorkList:
    """Puts contacts on the work list; what came of them arrives through `record_outcome`."""

    external = False
    simulated = False

    def send(self, orders: Sequence[Order], now: datetime) -> list[Queued]:  # noqa: ARG002 - the port's signature
        """List every contact."""
        return [Queued(order.contact_id) for order in orders]

    def answers(self, orders: Sequence[Order]) -> list[Answer]:  # noqa: ARG002 - the port's signature
        """Return none: people bring the answers."""
        return []
