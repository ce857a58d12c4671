"""EventPublisher on pika: a batch at a time, confirms in a pipeline."""

import threading
from collections.abc import Sequence

import pika  # type: ignore[import-untyped]  # pika ships no types

from shared.kernel.faults import Unavailable
from shared.messaging import wire
from shared.messaging.link import Link
from shared.messaging.relay import OutgoingEvent

_CONFIRM_SECONDS = 30.0


class PikaPublisher:
    """Publishes persistent events and waits until the broker has taken over all; reconnects at the next batch."""

    def __init__(self, url: str, name: str) -> None:
        self._url, self._name = url, name
        self._link: Link | None = None
        self._sent = 0
        self._expected = 0
        self._unsettled = 1  # below this number the broker has confirmed all
        self._confirmed: set[int] = set()
        self._refused: set[int] = set()
        self._done = threading.Event()

    def publish(self, events: Sequence[OutgoingEvent]) -> set[int]:
        """Publish all and wait for all confirms; see EventPublisher."""
        link = self._connected()
        self._done.clear()
        link.do(lambda: self._send(link, events))
        confirmed = self._done.wait(_CONFIRM_SECONDS)
        if not confirmed or not link.is_open:
            self.close()
            raise Unavailable(f"the broker has not taken over {len(events)} events")
        first = self._sent - len(events) + 1
        return {number - first for number in self._refused}

    def close(self) -> None:
        """Disconnect."""
        if self._link is not None:
            self._link.close()
            self._link = None

    def _connected(self) -> Link:
        if self._link is None or not self._link.is_open:
            self._sent = 0
            self._link = Link(self._url, self._name, on_confirm=self._settle, on_lost=lambda _: self._done.set())
        return self._link

    def _send(self, link: Link, events: Sequence[OutgoingEvent]) -> None:
        for exchange in {event.exchange for event in events} if self._sent == 0 else ():
            link.channel.exchange_declare(exchange, "topic", durable=True)
        self._unsettled, self._expected = self._sent + 1, len(events)
        self._confirmed, self._refused = set(), set()
        self._sent += len(events)
        for event in events:
            properties = pika.BasicProperties(
                content_type=wire.JSON_TYPE,
                content_encoding="utf-8",
                delivery_mode=2,
                message_id=event.message_id,
                headers=dict(event.headers),
            )
            link.channel.basic_publish(event.exchange, event.routing_key, event.body, properties)

    def _settle(self, tag: int, multiple: bool, good: bool) -> None:
        numbers = range(self._unsettled, tag + 1) if multiple else (tag,)
        if multiple:
            self._unsettled = tag + 1
        if not good:
            self._refused.update(number for number in numbers if number not in self._confirmed)
        self._confirmed.update(numbers)
        if len(self._confirmed) == self._expected:
            self._done.set()
