"""SMS through a gateway; delivery receipts and replies arrive later through `record_outcome`."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from services.channels.application.ports import SmsGateway, SmsMessage, Submission
from services.channels.domain.order import Order
from services.channels.domain.sending import Answer, Failed, Queued, Sending, Sent

RETRY_AFTER = timedelta(minutes=1)


class Sms:
    """Hands messages to a gateway in one batch; what it did not take is tried again until the order expires."""

    external = True
    simulated = False

    def __init__(self, gateway: SmsGateway) -> None:
        self._gateway = gateway

    def send(self, orders: Sequence[Order], now: datetime) -> list[Sending]:
        """Submit one message for each order, with the contact's id as the message's."""
        messages = [
            SmsMessage(order.contact_id, order.customer_id, order.script_zh or order.script_en) for order in orders
        ]
        return [_sending(submission, now) for submission in self._gateway.submit(messages)]

    def answers(self, orders: Sequence[Order]) -> list[Answer]:  # noqa: ARG002 - the port's signature
        """Return none: the gateway's receipts bring the answers."""
        return []


def _sending(submission: Submission, now: datetime) -> Sending:
    if submission.is_accepted:
        return Sent(submission.message_id, now)
    if submission.is_final:
        return Failed(submission.message_id, submission.reason)
    return Queued(submission.message_id, now + RETRY_AFTER, unsure=submission.may_have_arrived)
