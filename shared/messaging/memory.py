"""The embedded bus: a kombu transport that hands messages over inside this process.

kombu has one of its own, but with a single global state for the process, polling, and messages that lack the
properties nameko needs. Here each bus is a `Broker` of its own, a waiting consumer is woken, and every message is
counted from the moment it is put until it is acknowledged, so that "nothing is in flight" is a fact.
"""

import itertools
import time
from collections import defaultdict, deque
from queue import Empty
from typing import Any

from eventlet.semaphore import Semaphore

from shared.messaging.untyped import BrokerState, VirtualChannel, VirtualTransport

SCHEME = "memory"
_serial = itertools.count(1)
_tags = itertools.count(1)


class Broker:
    """One embedded bus: its exchanges, its queues, and how many messages are under way."""

    _by_name: dict[str, "Broker"] = {}  # noqa: RUF012 - buses find their broker by the name in their address

    def __init__(self) -> None:
        self.name = f"bus-{next(_serial)}"
        self.state = BrokerState()
        self.queues: dict[str, deque[dict[str, Any]]] = {}
        self.in_flight = 0
        self.parked: list[tuple[str, str]] = []
        """Queue and error of every event that no attempt could handle."""
        self._listeners: dict[str, set[Transport]] = defaultdict(set)
        self._by_name[self.name] = self

    @property
    def url(self) -> str:
        """The address under which kombu connects to this broker."""
        return f"{SCHEME}://{self.name}"

    @classmethod
    def named(cls, name: str) -> "Broker":
        """Return the open broker of that name."""
        return cls._by_name[name]

    def close(self) -> None:
        """Forget the broker with all its messages."""
        self._by_name.pop(self.name, None)
        self.queues.clear()

    def put(self, queue: str, message: dict[str, Any]) -> None:
        """Append a message of its own to a queue; one that does not exist drops it, as on RabbitMQ."""
        if queue not in self.queues:
            return
        properties = message["properties"] | {"delivery_tag": str(next(_tags))}
        self.queues[queue].append(message | {"properties": properties})
        self.in_flight += 1
        for listener in self._listeners[queue]:
            listener.wake()

    def drop(self, queue: str) -> None:
        """Delete a queue with what it holds."""
        self.in_flight -= len(self.queues.pop(queue, ()))

    def listen(self, queue: str, transport: "Transport") -> None:
        """Wake `transport` whenever a message arrives in `queue`."""
        self._listeners[queue].add(transport)

    def unlisten(self, transport: "Transport") -> None:
        """Wake `transport` no more."""
        for listeners in self._listeners.values():
            listeners.discard(transport)


class Channel(VirtualChannel):
    """A channel to a Broker; bodies are passed as they are."""

    do_restore = False
    body_encoding = None
    no_ack_consumers = None
    connection: "Transport"

    def __init__(self, connection: "Transport", **kwargs: Any) -> None:  # noqa: ANN401 - kombu's signature
        super().__init__(connection, **kwargs)
        self.events: dict[str, set[Any]] = defaultdict(set)

    @property
    def broker(self) -> Broker:
        """The broker this channel talks to."""
        return self.connection.broker

    def prepare_message(self, body: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401 - kombu's signature
        """Note the content type among the properties too, where nameko looks for it."""
        message: dict[str, Any] = super().prepare_message(body, **kwargs)
        message["properties"]["content_type"] = message["content-type"]
        return message

    def basic_publish(self, message: Any, exchange: str = "", routing_key: str = "", **options: Any) -> None:  # noqa: ANN401 - kombu is untyped
        """Route a message; a mandatory one that reaches no queue is returned at once."""
        self._inplace_augment_message(message, exchange, routing_key)
        queues = self._lookup(exchange, routing_key)
        for queue in sorted(queues):
            self.broker.put(queue, message)
        if options.get("mandatory") and not queues:
            returned = self.Message(message, channel=self)
            for callback in self.events["basic_return"]:
                callback(None, exchange, routing_key, returned)

    def basic_consume(self, queue: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - kombu's signature
        """Start to receive from a queue."""
        super().basic_consume(queue, *args, **kwargs)
        self.broker.listen(queue, self.connection)
        self.connection.wake()

    def basic_ack(self, delivery_tag: str, multiple: bool = False) -> None:
        """Finish a message; room in the prefetch window may let another one in."""
        super().basic_ack(delivery_tag, multiple)
        self.broker.in_flight -= 1
        self.connection.wake()

    def basic_reject(self, delivery_tag: str, requeue: bool = False) -> None:
        """Refuse a message: back to its queue, or parked."""
        message = self.qos.get(delivery_tag)
        super().basic_reject(delivery_tag, requeue=requeue)
        self.broker.in_flight -= 1
        if not requeue:
            self.broker.parked.append((message.delivery_info["routing_key"], "rejected as malformed"))
        self.connection.wake()

    def _new_queue(self, queue: str, **_: Any) -> None:  # noqa: ANN401 - kombu's signature
        self.broker.queues.setdefault(queue, deque())

    def _has_queue(self, queue: str, **_: Any) -> bool:  # noqa: ANN401 - kombu's signature
        return queue in self.broker.queues

    def _get(self, queue: str, timeout: float | None = None) -> dict[str, Any]:  # noqa: ARG002 - kombu's signature
        try:
            return self.broker.queues[queue].popleft()
        except (KeyError, IndexError):
            raise Empty from None

    def _put(self, queue: str, message: dict[str, Any], **_: Any) -> None:  # noqa: ANN401 - kombu's signature
        self.broker.put(queue, message)

    def _size(self, queue: str) -> int:
        return len(self.broker.queues.get(queue, ()))

    def _delete(self, queue: str, *_: Any, **__: Any) -> None:  # noqa: ANN401 - kombu's signature
        self.broker.drop(queue)


class Transport(VirtualTransport):
    """Connects to the Broker named by the host part of the address; waits instead of polling."""

    Channel = Channel
    driver_type = SCHEME
    driver_name = SCHEME

    def __init__(self, client: Any, **kwargs: Any) -> None:  # noqa: ANN401 - kombu's signature
        super().__init__(client, **kwargs)
        self.broker = Broker.named(client.hostname)
        self.state = self.broker.state
        self._ready = Semaphore(0)

    def wake(self) -> None:
        """Tell the consumer of this connection that something may have changed."""
        if self._ready.counter < 1:
            self._ready.release()

    def drain_events(self, connection: "Transport", timeout: float | None = None) -> None:  # noqa: ARG002 - kombu's
        """Deliver one message; raises TimeoutError when none comes in time."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                self.cycle.get(self._deliver, timeout=timeout)
            except Empty:
                remaining = None if deadline is None else max(0.0, deadline - time.monotonic())
                if not self._ready.acquire(timeout=remaining):
                    raise TimeoutError from None
            else:
                return

    def close_connection(self, connection: "Transport") -> None:
        """Leave the broker."""
        self.broker.unlisten(self)
        super().close_connection(connection)
