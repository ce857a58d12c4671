"""Work beside work: threads, which are green ones where the process is."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")


class ThreadedBackground:
    """Port `Background`: a few pieces of work at a time, most of which wait for other services."""

    def __init__(self, most: int = 8) -> None:
        self._pool = ThreadPoolExecutor(most, thread_name_prefix="campaigns")

    def start(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin; the function returned waits for the result, or raises what the work raised.

        The work belongs to the request it was begun in: what it sends carries that one's headers.
        """
        return self._pool.submit(copy_context().run, work).result


class NoBackground:
    """Port `Background` without concurrency: work is done at once, in order."""

    def start(self, work: Callable[[], T]) -> Callable[[], T]:
        """Do it; the function returned hands out the result."""
        done = work()
        return lambda: done
