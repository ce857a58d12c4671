"""The client's event feed, with faults of the kernel."""

from collections.abc import Iterator
from typing import Any, Self

from shared.client import event_feed as integrators
from shared.client.event import Event
from shared.messaging.link import as_faults


class EventFeed:
    """An iterator of events, to be acknowledged one by one; what was not acknowledged comes again.

    Ends after `idle_seconds` without an event, or never; after a loss it connects again by itself.
    """

    def __init__(self, feed: integrators.EventFeed[Any]) -> None:
        self._feed = feed

    def __iter__(self) -> Iterator[Event[Any]]:
        with as_faults():
            yield from self._feed

    def close(self) -> None:
        """Disconnect; unacknowledged events go back to the queue."""
        self._feed.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
