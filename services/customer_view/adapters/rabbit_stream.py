"""A stream of BOSS on RabbitMQ."""

from collections.abc import Iterator

from services.customer_view.application.feed_state import Message
from shared.messaging.stream_queue import StreamReader


class RabbitStream:
    """Port `Stream` on a reader."""

    def __init__(self, reader: StreamReader) -> None:
        self._reader = reader

    @property
    def name(self) -> str:
        """The queue."""
        return self._reader.name

    def batches(self, reached: int, most: int) -> Iterator[list[Message]]:
        """Yield what lies behind an offset as it comes, up to `most` at a time; raises Unavailable."""
        for some in self._reader.batches(reached, most):
            yield [Message(offset, body) for offset, body in some]

    def acknowledge(self) -> None:
        """Tell the broker that all messages handed out have been dealt with."""
        self._reader.acknowledge()
