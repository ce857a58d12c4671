"""The outbox relay: takes events from a service's database to the bus, at least once and in order of writing."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import sqlalchemy as sa

from shared.messaging import wire
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox, StoredEvent

BATCH = 500


@dataclass(frozen=True, slots=True)
class OutboxSource:
    """Whose events: the service's name without `_bulk`, and its database."""

    service: str
    database: Database


@dataclass(frozen=True, slots=True)
class OutgoingEvent:
    """An event ready for the bus."""

    exchange: str
    routing_key: str
    message_id: str
    body: bytes
    headers: dict[str, str]


class EventPublisher(Protocol):
    """Puts events on the bus."""

    def publish(self, events: Sequence[OutgoingEvent]) -> None:
        """Return when the bus has taken over all of them; raises Unavailable when it has not."""
        ...


class Relay:
    """Moves the events of one outbox; several relays of one outbox share the work on PostgreSQL."""

    def __init__(self, source: OutboxSource, publisher: EventPublisher) -> None:
        self._source = source
        self._publisher = publisher
        self._outbox = Outbox(sa.MetaData())

    def pump(self, limit: int = BATCH) -> int:
        """Publish one batch and forget it in one transaction; returns how many events it held.

        A crash between the two publishes the batch again: consumers know an event by its id.
        """
        if not self.pending():
            return 0
        with self._source.database.write() as connection:
            claimed = self._outbox.claim(connection, limit)
            if claimed:
                self._publisher.publish([self._outgoing(event) for event in claimed])
                self._outbox.forget(connection, claimed)
        return len(claimed)

    def pending(self) -> bool:
        """Whether an event waits; asked without a lock, so that an idle relay disturbs no writer."""
        with self._source.database.read() as connection:
            return connection.scalar(sa.select(self._outbox.outbox.c.sequence).limit(1)) is not None

    def _outgoing(self, event: StoredEvent) -> OutgoingEvent:
        stored = msgspec.json.decode(event.headers, type=dict[str, str])
        return OutgoingEvent(
            exchange=f"{self._source.service}.events",
            routing_key=event.event_type,
            message_id=event.event_id,
            body=event.body.encode(),
            headers=stored | {wire.EVENT_ID: event.event_id},
        )
