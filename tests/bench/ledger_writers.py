"""One and two governance processes at once, with and without the lanes, beside one hand-written session."""

import multiprocessing
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from rich.progress import Progress

from services.governance.adapters import store
from services.governance.adapters.locks import take
from shared.contracts.governance import ContactRequest
from tests.bench.figures import Figure, median, rate
from tests.bench.ledger_base import Ledger
from tests.bench.ledger_hand_written import HandWritten
from tests.bench.ledger_requests import Asking, permitted

_Batches = Sequence[Sequence[ContactRequest]]


@dataclass(frozen=True, slots=True)
class WriterSize:
    """Requests in a batch, and batches of each writer."""

    requests: int
    batches: int


@dataclass(frozen=True, slots=True)
class _Way:
    words: str
    writers: int
    has_lanes: bool = True


_WAYS = (_Way("one process", 1), _Way("two processes", 2), _Way("two processes without lanes", 2, has_lanes=False))


def side_by_side(
    ours: Ledger, theirs: Ledger, rules: Path, progress: Progress, size: WriterSize
) -> tuple[list[Figure], dict[str, Any]]:
    """Return requests a second of all writers. Each subscriber is asked about once, so the lanes may be left out."""
    task = progress.add_task("several writers", total=2 * len(_WAYS))
    asking = Asking(ours.subscribers, "writers")
    hand = HandWritten(theirs.url)
    paces: dict[str, float] = {}
    seconds: list[float] = []
    try:
        with _processes(ours.url, rules, max(way.writers for way in _WAYS)) as processes:
            for way in _WAYS:
                batches = [[asking.batch(size.requests) for _ in range(size.batches + 1)] for _ in range(way.writers)]
                taken, mine = _write(processes, batches, way)
                paces[way.words] = rate(way.writers * size.batches * size.requests, taken)
                progress.advance(task)
                answers = [hand.reserve(batch) for each in batches for batch in each]
                seconds += [one for one, _ in answers]
                if mine != set().union(*(found for _, found in answers)):
                    raise RuntimeError(f"{way.words} did not permit what the hand-written SQL does")
                progress.advance(task)
    finally:
        hand.close()
    return _figures(paces, rate(size.requests, median(seconds)), size), {"writers": paces}


def _figures(paces: dict[str, float], by_hand: float, size: WriterSize) -> list[Figure]:
    one, two, free = (paces[way.words] for way in _WAYS)
    label = f"batches of {size.requests:,} by two processes at once"
    return [
        Figure(label, "requests/s", two, "one hand-written session", by_hand),
        Figure(label, "requests/s", two, "one process", one),
        Figure(label, "requests/s", two, "two without lanes", free),
    ]


def _write(
    processes: Sequence["Connection[Any, Any]"], batches: Sequence[_Batches], way: _Way
) -> tuple[float, set[str]]:
    """Let as many writers loose at once; return the seconds until the last was done, and what they permitted."""
    writers = processes[: way.writers]
    for writer, mine in zip(writers, batches, strict=True):
        writer.send((mine, way.has_lanes))
    for writer in writers:
        writer.recv()  # its first batch is done
    began = time.perf_counter()
    for writer in writers:
        writer.send("now")
    found = set().union(*(writer.recv() for writer in writers))
    return time.perf_counter() - began, found


@contextmanager
def _processes(url: str, rules: Path, number: int) -> Iterator[list["Connection[Any, Any]"]]:
    os.environ.setdefault("PYTHONWARNINGS", "ignore")  # as every process of a deployment here
    context = multiprocessing.get_context("spawn")
    ends, processes = [], []
    try:
        for _ in range(number):
            mine, its = context.Pipe()
            processes.append(context.Process(target=_writer, args=(url, rules, its), daemon=True))
            processes[-1].start()
            its.close()
            ends.append(mine)
        yield ends
    finally:
        for end in ends:
            end.close()  # a writer ends when nobody asks any more
        for process in processes:
            process.join()


def _writer(url: str, rules: Path, orders: "Connection[Any, Any]") -> None:
    """Serve orders: batches, and whether with lanes; the first batch warms up, the others wait for a word."""
    use = Ledger(url).service(rules)
    while True:
        try:
            (first, *others), has_lanes = orders.recv()
        except EOFError:
            return
        store.take = take if has_lanes else _take_none
        found = permitted(use.reserve(first))
        orders.send("ready")
        orders.recv()
        for batch in others:
            found |= permitted(use.reserve(batch))
        orders.send(found)


def _take_none(*_args: object, **_named: object) -> None:
    """Take no locks at all: what the comparison leaves out."""
