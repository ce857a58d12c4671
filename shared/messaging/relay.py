"""The outbox relay: takes events from a service's database to the bus, at least once and in order of writing."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import msgspec
import sqlalchemy as sa
import structlog

from shared.messaging import wire
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox, StoredEvent

BATCH = 500
_PUT_OFF_SECONDS = 5.0
_LOOK_SECONDS = 1.0
"""Between two looks past events that wait for room: each reads the outbox through."""
_log = structlog.get_logger(__name__)


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

    def publish(self, events: Sequence[OutgoingEvent]) -> set[int]:
        """Return when the bus has answered for each: the positions of those it refused, none as a rule.

        Raises Unavailable when it has not answered for all.
        """
        ...


class Relay:
    """Moves the events of one outbox; several relays of one outbox share the work on PostgreSQL.

    A broker refuses an event that one full queue of many rejects. Such an event stays, and those of its type wait for a
    while with it, so that one reader who does not read holds up no other type.
    """

    def __init__(
        self, source: OutboxSource, publisher: EventPublisher, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._source = source
        self._publisher = publisher
        self._now = now
        self._outbox = Outbox(sa.MetaData())
        self._waiting: dict[str, float] = {}
        """Types of which an event was refused, and until when they wait."""
        self._next_look = 0.0

    def pump(self, limit: int = BATCH) -> int:
        """Publish one batch and forget it in one transaction; returns how many events the bus took over.

        A crash between the two publishes the batch again: consumers know an event by its id.
        """
        self._waiting = {name: until for name, until in self._waiting.items() if until > self._now()}
        if self._waiting and self._now() < self._next_look:
            return 0
        if not self.pending():
            self._next_look = self._now() + _LOOK_SECONDS
            return 0
        with self._source.database.write() as connection:
            claimed = self._outbox.claim(connection, limit, without=self._waiting)
            refused = self._publisher.publish([self._outgoing(event) for event in claimed]) if claimed else set()
            taken = [event for place, event in enumerate(claimed) if place not in refused]
            self._outbox.forget(connection, taken)
        self._put_off({claimed[place].event_type for place in refused})
        return len(taken)

    def _put_off(self, types: set[str]) -> None:
        for name in types:
            _log.error("events_refused", service=self._source.service, event_type=name, retry_seconds=_PUT_OFF_SECONDS)
            self._waiting[name] = self._now() + _PUT_OFF_SECONDS

    def pending(self) -> bool:
        """Whether an event waits; asked without a lock, so that an idle relay disturbs no writer."""
        with self._source.database.read() as connection:
            return self._outbox.is_waiting(connection, without=self._waiting)

    def _outgoing(self, event: StoredEvent) -> OutgoingEvent:
        stored = msgspec.json.decode(event.headers, type=dict[str, str])
        return OutgoingEvent(
            exchange=f"{self._source.service}.events",
            routing_key=event.event_type,
            message_id=event.event_id,
            body=event.body.encode(),
            headers=stored | {wire.EVENT_ID: event.event_id},
        )
