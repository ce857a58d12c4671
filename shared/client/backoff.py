"""Growing pauses between attempts."""

import random

_FIRST, _LONGEST = 0.2, 5.0


class Backoff:
    """Pauses that double from 0.2 s to 5 s, each shortened by chance so that many callers do not come at once."""

    def __init__(self, first: float = _FIRST, longest: float = _LONGEST) -> None:
        self._first, self._longest = first, longest
        self._next = first

    def pause(self) -> float:
        """Return how many seconds to wait before the next attempt."""
        pause, self._next = self._next, min(self._longest, self._next * 2)
        return pause * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

    def reset(self) -> None:
        """Begin anew after a success."""
        self._next = self._first
