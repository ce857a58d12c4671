"""Work an iterator off in a thread, a little ahead of whoever reads it, so that one reads while the other writes."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from typing import TypeVar

Item = TypeVar("Item")
_AHEAD = 2
_LOOK_SECONDS = 0.2
_SWITCH_SECONDS = 0.0005
"""How long the thread that reads may keep the other, whom the database has answered, from going on.

By Python's own 5 ms a dozen answers a batch wait that long: a feed of changed rows took a fifth more time.
"""


class _End:
    def __init__(self, fault: BaseException | None) -> None:
        self.fault = fault


@contextmanager
def read_ahead(items: Iterator[Item]) -> Iterator[Iterator[Item]]:
    """Give the same items in the same order; what the iterator raises comes out where it would have.

    The iterator runs in one thread from its first item to its end; at the end of the block it is closed. Meanwhile all
    threads of the process take turns more often: one file at a time, then, as `banyan feeds` reads them.
    """
    usual = sys.getswitchinterval()
    waiting: Queue[Item | _End] = Queue(_AHEAD)
    stopping = threading.Event()
    thread = threading.Thread(target=_produce, args=(items, waiting, stopping), name="read-ahead", daemon=True)
    thread.start()
    try:
        sys.setswitchinterval(min(usual, _SWITCH_SECONDS))
        yield _consume(waiting)
    finally:
        stopping.set()
        thread.join()
        sys.setswitchinterval(usual)


def _produce(items: Iterator[Item], waiting: "Queue[Item | _End]", stopping: threading.Event) -> None:
    fault: BaseException | None = None
    try:
        for item in items:
            _put(waiting, item, stopping)
            if stopping.is_set():
                break
    except BaseException as raised:  # noqa: BLE001 - it is raised again where the items are read
        fault = raised
    finally:
        close = getattr(items, "close", None)
        if close is not None:
            close()
    _put(waiting, _End(fault), stopping)


def _put(waiting: "Queue[Item | _End]", item: "Item | _End", stopping: threading.Event) -> None:
    while not stopping.is_set():
        try:
            waiting.put(item, timeout=_LOOK_SECONDS)
        except Full:
            continue
        return


def _consume(waiting: "Queue[Item | _End]") -> Iterator[Item]:
    while True:
        try:
            item = waiting.get(timeout=_LOOK_SECONDS)
        except Empty:
            continue
        if isinstance(item, _End):
            if item.fault is not None:
                raise item.fault
            return
        yield item
