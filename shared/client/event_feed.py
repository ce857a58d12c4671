"""Events as they arrive: settled by hand, over a connection that comes back by itself."""

import logging
import queue
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic, Self, TypeVar

from .backoff import Backoff
from .errors import BanyanError, InvalidEvent, NotAllowed, Unavailable
from .event import Event
from .link import Link, Loss
from .subscription import Subscription

T = TypeVar("T")
_REMEMBERED = 10_000
_log = logging.getLogger("banyan_client")


@dataclass(slots=True, eq=False)
class _Source:
    """One connection of a feed; deliveries of an earlier one are worth nothing."""

    link: Link | None = None
    can_park: bool = True

    def say(self, method: str, tag: int, **options: bool) -> None:
        """Tell the broker about a delivery; where the connection is gone it delivers again."""
        link = self.link
        if link is None or not link.is_open:
            return
        try:
            link.do(lambda: getattr(link.channel, method)(tag, **options) if link.channel.is_open else None)
        except Unavailable:
            _log.info("an event was settled after its connection was lost: it comes again")


Arrival = tuple[_Source, Any, Any, bytes]


class EventFeed(Generic[T]):
    """An iterator of events, or `consume` with a handler; one thread reads, any thread may settle, stop or close.

    Ends after `idle_seconds` without an event (None: never), or when it is stopped. The connection lives in a thread
    of its own, so a slow reader does not lose it; when it is lost the feed connects again, with growing pauses, for
    as long as it takes, and what was not acknowledged comes again. The first connection raises at once.
    """

    def __init__(
        self, connect: Callable[..., Link], subscription: Subscription, idle_seconds: float | None = None
    ) -> None:
        self._connect, self.subscription, self._idle = connect, subscription, idle_seconds
        self._arrived: queue.SimpleQueue[Arrival | _Source | None] = queue.SimpleQueue()
        self._stopping = threading.Event()
        self._acknowledged: OrderedDict[str, None] = OrderedDict()
        self._source = self._opened()

    def __iter__(self) -> Iterator[Event[T]]:
        while not self._stopping.is_set():
            try:
                arrival = self._arrived.get(timeout=self._idle)
            except queue.Empty:
                return
            if isinstance(arrival, _Source):
                if arrival is self._source:
                    self._come_back()
            elif arrival is not None and arrival[0] is self._source:  # of an earlier connection: it comes again
                yield self._event(*arrival)

    def consume(self, handler: Callable[[Event[T]], object], *, attempts: int = 3) -> None:
        """Give each event to `handler` and acknowledge it, until stopped or idle.

        A handler that raises is called again after a pause, `attempts` times in all; then the event is parked, as is
        one that is not JSON at once. Where there is no place for parked events, the handler's exception is raised.
        """
        for event in self:
            self._handle(event, handler, attempts)

    def stop(self) -> None:
        """End the iteration after the event in hand; what was fetched and not read goes back at `close`."""
        self._stopping.set()
        self._arrived.put(None)

    def close(self) -> None:
        """Stop and disconnect; unacknowledged events go back to the queue."""
        self.stop()
        if self._source.link is not None:
            self._source.link.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self) -> _Source:
        source = _Source()

        def set_up(channel: Any, done: Callable[[], None], before: Loss | None) -> None:  # noqa: ANN401 - pika is untyped
            source.can_park = not self.subscription.is_without_parking(before)
            self.subscription.set_up(channel, deliver, done, before)

        def deliver(_channel: object, method: Any, properties: Any, body: bytes) -> None:  # noqa: ANN401 - pika is untyped
            self._arrived.put((source, method, properties, body))

        source.link = self._connect(set_up=set_up, on_lost=lambda _: self._arrived.put(source), attempts=2)
        return source

    def _come_back(self) -> None:
        backoff = Backoff()
        while not self._stopping.wait(backoff.pause()):
            try:
                self._source = self._opened()
            except Unavailable as fault:
                _log.warning("events of %s: %s; trying again", self.subscription.queue, fault.message)
            else:
                return

    def _event(self, source: _Source, method: Any, properties: Any, raw: bytes) -> Event[T]:  # noqa: ANN401 - pika is untyped
        headers = properties.headers or {}
        event_id, tag = str(headers.get("banyan.event_id") or properties.message_id or ""), method.delivery_tag
        return Event(
            event_id,
            method.exchange.removesuffix(".events"),
            method.routing_key,
            raw,
            headers,
            is_repeated=method.redelivered or event_id in self._acknowledged,
            ack=partial(self._acknowledge, source, tag, event_id),
            nack=partial(source.say, "basic_nack", tag, requeue=True),
            park=partial(self._park, source, tag, event_id),
        )

    def _acknowledge(self, source: _Source, tag: int, event_id: str) -> None:
        source.say("basic_ack", tag)
        self._acknowledged[event_id] = None
        if len(self._acknowledged) > _REMEMBERED:
            self._acknowledged.popitem(last=False)

    def _park(self, source: _Source, tag: int, event_id: str) -> None:
        if not source.can_park:  # the broker would throw it away
            dead = self.subscription.dead_queue
            raise NotAllowed(f"event {event_id} cannot be parked: there is no queue {dead}", details={"queue": dead})
        source.say("basic_reject", tag, requeue=False)

    def _handle(self, event: Event[T], handler: Callable[[Event[T]], object], attempts: int) -> None:
        backoff = Backoff()
        for left in reversed(range(attempts)):
            try:
                handler(event)
            except Exception as fault:  # noqa: BLE001 - whatever a handler may raise: this is its boundary
                _log.warning("event %s was not handled: %r; %d attempts left", event.event_id, fault, left)
                if left == 0 or isinstance(fault, InvalidEvent):
                    self._give_up(event, fault)
                    return
                if self._stopping.wait(backoff.pause()):
                    return  # it stays unacknowledged and comes again
            else:
                event.ack()
                return

    @staticmethod
    def _give_up(event: Event[T], fault: Exception) -> None:
        try:
            event.park()
        except BanyanError:
            raise fault from None
