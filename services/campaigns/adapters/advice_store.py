"""Answers given to the front desk, kept so that the same request gets the same answer."""

from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import advice
from shared.contracts.campaigns import Recommendation
from shared.persistence.bulk import insert_missing


class AdviceStore:
    """Port `Advice` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def answer(self, request_id: str) -> Recommendation | None:
        """Return the answer given to this request before."""
        stored = self._connection.scalar(sa.select(advice.c.answer).where(advice.c.request_id == request_id))
        return None if stored is None else msgspec.convert(stored, Recommendation)

    def keep(self, request_id: str, channel: str, answer: Recommendation, at: datetime) -> None:
        """Keep an answer; the first one stands."""
        row = {
            "request_id": request_id,
            "customer_id": answer.customer_id,
            "channel": channel,
            "answer": answer,
            "given_at": at,
        }
        insert_missing(self._connection, advice, [row])
