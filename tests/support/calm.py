"""Nothing is in flight: only a second look can tell, since what has left one place may not yet be seen in the next."""

import time
from collections.abc import Callable

QUORUM_TICK_MS = 100
"""How often the brokers of tests renew the figures of quorum queues; RabbitMQ's default is 5 s."""
QUORUM_SECONDS = 1.0
"""How long they must show nothing: an event may pass through several queues between two ticks."""


class Calm:
    """Tells whether nothing has been in flight for so many seconds, and at two looks at least."""

    def __init__(
        self, in_flight: Callable[[], object], seconds: float = 0.0, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._in_flight, self._seconds, self._now = in_flight, seconds, now
        self._since: float | None = None

    def __call__(self) -> bool:
        """Look once more."""
        if self._in_flight():
            self._since = None
            return False
        now = self._now()
        if self._since is None:
            self._since = now
            return False
        return now - self._since >= self._seconds
