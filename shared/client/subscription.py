"""The queue through which events arrive, and its place for poison."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .link import Loss

DEAD_EXCHANGE = "banyan.dead"


@dataclass(frozen=True, slots=True)
class Subscription:
    """Events of a type (or topic pattern) through a durable queue of one's own.

    The operator makes the queues of integrators. Where there is none and the user may, it is declared here together
    with `dead.<queue>`, into which the broker puts what is parked.
    """

    queue: str
    prefetch: int
    source: str | None = None
    """The service whose events the queue is bound to; None: whatever the operator bound it to."""
    event_type: str = ""

    @property
    def dead_queue(self) -> str:
        """Where parked events go."""
        return f"dead.{self.queue}"

    def is_without_parking(self, before: Loss | None) -> bool:
        """Whether the broker said that the queue is there, but no place for what is parked."""
        return before is not None and f"'{self.dead_queue}'" in before.text

    def set_up(
        self,
        channel: Any,  # noqa: ANN401 - pika is untyped
        deliver: Callable[..., None],
        done: Callable[[], None],
        before: Loss | None,
    ) -> None:
        """Use the queue that is there; at the second attempt do without what the broker said is missing, or make it."""
        if before is None:
            channel.queue_declare(self.queue, passive=True)
            channel.queue_declare(self.dead_queue, passive=True)
        elif f"queue '{self.queue}'" in before.text:
            self._declare(channel)
        if self.source is not None:
            channel.queue_bind(self.queue, f"{self.source}.events", self.event_type)
        channel.basic_qos(prefetch_count=self.prefetch)
        channel.basic_consume(self.queue, deliver, callback=lambda _: done())

    def _declare(self, channel: Any) -> None:  # noqa: ANN401 - pika is untyped
        channel.queue_declare(self.dead_queue, durable=True)
        channel.queue_bind(self.dead_queue, DEAD_EXCHANGE, self.dead_queue)
        arguments = {"x-dead-letter-exchange": DEAD_EXCHANGE, "x-dead-letter-routing-key": self.dead_queue}
        channel.queue_declare(self.queue, durable=True, arguments=arguments)
