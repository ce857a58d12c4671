"""Inbox and outbox of the transaction at hand."""

from datetime import datetime

import msgspec
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import outbox


class EventStore:
    """Port `Events` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def first_time(self, event_id: str, at: datetime) -> bool:
        """Note an arriving event; False when it was applied before."""
        return outbox.first_time(self._connection, event_id, at=at)

    def tell(self, event_type: str, event: msgspec.Struct, *, at: datetime, key: str) -> None:
        """Store an event to be published."""
        outbox.add(self._connection, event_type, event, at=at, key=key)
