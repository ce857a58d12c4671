"""Declare queues and exchanges with as few permissions as possible: what exists is only looked at.

On a broker that was set up from definitions a service may configure nothing but its own queues; on a fresh one the
first process makes all.
"""

from collections.abc import Iterable
from typing import Any

from amqp.exceptions import NotFound

from shared.messaging.connections import kombu_exchange, kombu_queue
from shared.messaging.topology import QueuePlan


class Declarer:
    """Declares plans over one connection to RabbitMQ; a question that is answered with "no" costs a channel."""

    def __init__(self, connection: Any) -> None:  # noqa: ANN401 - an amqp connection
        self._connection = connection
        self._channel: Any = None
        self._exchanges: set[str] = set()

    def own(self, plans: Iterable[QueuePlan]) -> None:
        """Declare and bind queues that this process consumes from or parks in.

        Raises amqp's PreconditionFailed for a queue that exists with other arguments, AccessRefused where the user
        may not declare it.
        """
        for plan in plans:
            self._need_exchange(plan)
            queue = kombu_queue(plan)(self._open())
            queue.queue_declare()
            if plan.exchange:
                queue.queue_bind()

    def others(self, plans: Iterable[QueuePlan]) -> None:
        """Declare queues of other services, those alone that do not exist."""
        for plan in plans:
            if not self._is_there(lambda channel, name=plan.name: channel.queue_declare(name, passive=True)):
                self.own([plan])

    def close(self) -> None:
        """Close the channel."""
        if self._channel is not None and self._channel.is_open:
            self._channel.close()

    def _need_exchange(self, plan: QueuePlan) -> None:
        if not plan.exchange or plan.exchange in self._exchanges:
            return
        exchange = kombu_exchange(plan)
        if not self._is_there(lambda channel: exchange(channel).declare(passive=True)):
            exchange(self._open()).declare()
        self._exchanges.add(plan.exchange)

    def _is_there(self, ask: Any) -> bool:  # noqa: ANN401 - a callable on an untyped channel
        try:
            ask(self._open())
        except NotFound:
            self._channel = None  # the broker closes the channel with its "no"
            return False
        return True

    def _open(self) -> Any:  # noqa: ANN401 - an amqp channel
        if self._channel is None or not self._channel.is_open:
            self._channel = self._connection.channel()
        return self._channel
