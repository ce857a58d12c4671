"""Who saw which event: what every outbox ever held, what went over the bus, and what every consumer noted.

A trigger beside each outbox copies the id of every event in the transaction that stores it; a tap is a queue bound to
every exchange of events; an inbox holds the ids a service has applied.
"""

from collections import Counter
from typing import NamedTuple

import pika
import psycopg

from services.workbench.registry import CONTAINERS, SERVICES, class_of
from shared.messaging import topology, wire
from shared.messaging.settings import BusSettings
from tests.support.deployment import Deployment

TAP = "chaos-tap"
_QUIET_SECONDS = 2.0
_WITNESS = """
CREATE TABLE IF NOT EXISTS chaos_told (number bigserial PRIMARY KEY, event_id text NOT NULL, event_type text NOT NULL);
CREATE OR REPLACE FUNCTION chaos_tell() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN INSERT INTO chaos_told (event_id, event_type) VALUES (NEW.event_id, NEW.event_type); RETURN NEW; END $$;
CREATE OR REPLACE TRIGGER chaos_tell AFTER INSERT ON outbox FOR EACH ROW EXECUTE FUNCTION chaos_tell();
"""


class Copy(NamedTuple):
    """An event as it went over the bus."""

    exchange: str
    event_type: str
    event_id: str
    body: bytes
    properties: pika.BasicProperties


class Consumer(NamedTuple):
    """A queue of events and who applies what comes through it."""

    queue: str
    exchange: str
    event_type: str
    service: str


def consumers() -> list[Consumer]:
    """Return every queue in which events wait for a service."""
    found = []
    for container in CONTAINERS:
        for plan in topology.queues_of([class_of(container)], BusSettings()):
            if plan.name.startswith("evt-"):
                service = topology.service_of(container)
                found.append(Consumer(plan.name, plan.exchange, plan.routing_key, service))
    return found


class Witness:
    """Watches one deployment from before its first event on."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.copies: list[Copy] = []
        for service in SERVICES:
            with psycopg.connect(deployment.database_url(service), autocommit=True) as connection:
                connection.execute(_WITNESS)
        with pika.BlockingConnection(pika.URLParameters(deployment.amqp_url)) as connection:
            channel = connection.channel()
            channel.queue_declare(TAP, durable=True)
            for service in SERVICES:
                channel.exchange_declare(f"{service}.events", "topic", durable=True)
                channel.queue_bind(TAP, f"{service}.events", "#")

    def look(self) -> list[Copy]:
        """Take what the tap holds; returns everything that went over the bus since the beginning."""
        with pika.BlockingConnection(pika.URLParameters(self._deployment.amqp_url)) as connection:
            channel = connection.channel()
            channel.basic_qos(prefetch_count=2_000)
            taken = channel.consume(TAP, inactivity_timeout=_QUIET_SECONDS)
            for number, (method, properties, body) in enumerate(taken, 1):
                if method is None:
                    break
                event_id = str((properties.headers or {}).get(wire.EVENT_ID) or properties.message_id)
                self.copies.append(Copy(method.exchange, method.routing_key, event_id, body, properties))
                if number % 1_000 == 0:
                    channel.basic_ack(method.delivery_tag, multiple=True)
            channel.basic_ack(0, multiple=True)
            channel.cancel()
        return self.copies

    def close(self) -> None:
        """Take the tap away."""
        with pika.BlockingConnection(pika.URLParameters(self._deployment.amqp_url)) as connection:
            connection.channel().queue_delete(TAP)

    def told(self, service: str) -> list[tuple[str, str]]:
        """Return (id, type) of every event that a transaction of the service has stored, in that order."""
        rows = self._deployment.query(service, "SELECT event_id, event_type FROM chaos_told ORDER BY number")
        return [(str(event_id), str(event_type)) for event_id, event_type in rows]

    def lost(self) -> list[str]:
        """Return in words which events were stored and never published, or published and never applied."""
        seen = {copy.event_id for copy in self.look()}
        told = {f"{service}.events": self.told(service) for service in SERVICES}
        missing = [
            f"{event_id} ({event_type} of {exchange}) was stored and never published"
            for exchange, events in told.items()
            for event_id, event_type in events
            if event_id not in seen
        ]
        applied = {service: self._inbox(service) for service in SERVICES}
        for one in consumers():
            ids = {event_id for event_id, event_type in told[one.exchange] if event_type == one.event_type}
            missing += [f"{event_id} never came through {one.queue}" for event_id in ids - applied[one.service]]
        return missing

    def owed(self) -> int:
        """Return how many deliveries the stored events need: one for each event and consumer."""
        told = {f"{service}.events": Counter(name for _, name in self.told(service)) for service in SERVICES}
        return sum(told[one.exchange][one.event_type] for one in consumers())

    def repeated(self) -> int:
        """Return how many events went over the bus more than once: at least once is promised, not exactly once."""
        counts = Counter((copy.exchange, copy.event_id) for copy in self.copies)
        return sum(count - 1 for count in counts.values())

    def _inbox(self, service: str) -> set[str]:
        return {str(row[0]) for row in self._deployment.query(service, "SELECT event_id FROM inbox")}
