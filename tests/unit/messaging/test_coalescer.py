"""Many single questions become few batches; everybody gets their own answer."""

import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.kernel.faults import Fault, NotFound
from shared.messaging.coalescing import Coalescer


class Doubling:
    """Doubles numbers, refuses multiples of seven, and notes its batches."""

    def __init__(self, pause: float = 0.0) -> None:
        self.pause = pause
        self.batches: list[int] = []

    def __call__(self, items: Sequence[int]) -> list[int | Fault]:
        self.batches.append(len(items))
        time.sleep(self.pause)
        return [NotFound(f"{item} is poisoned") if item % 7 == 0 else item * 2 for item in items]


def ask_all(coalescer: Coalescer[int, int], items: Sequence[int], threads: int) -> list[int | str]:
    def ask(item: int) -> int | str:
        try:
            return coalescer.ask(item)
        except Fault as fault:
            return fault.message

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(ask, items))


def expected(items: Sequence[int]) -> list[int | str]:
    return [f"{item} is poisoned" if item % 7 == 0 else item * 2 for item in items]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(1, 100), max_size=60), st.integers(1, 20), st.integers(1, 16))
def test_everybody_gets_their_own_answer_or_fault(items: list[int], max_items: int, threads: int) -> None:
    batch = Doubling()
    coalescer = Coalescer(batch, max_items, 0.001)
    assert ask_all(coalescer, items, threads) == expected(items)
    assert sum(batch.batches) == len(items)
    assert max(batch.batches, default=0) <= max_items


def test_under_load_batches_grow_instead_of_multiplying() -> None:
    batch = Doubling(pause=0.01)
    items = list(range(1, 641))
    assert ask_all(Coalescer(batch, 200, 0.002), items, 64) == expected(items)
    assert len(batch.batches) < 100


def test_a_full_batch_does_not_wait_for_more() -> None:
    coalescer = Coalescer(Doubling(), 4, 3600.0)  # longer than any test may take
    assert ask_all(coalescer, [1, 2, 3, 4], 4) == [2, 4, 6, 8]


def test_when_the_batch_call_fails_all_its_callers_hear_of_it() -> None:
    def broken(_items: Sequence[int]) -> Sequence[int]:
        raise ConnectionError("no bus")

    coalescer = Coalescer(broken, 3, 5.0)
    heard: list[str] = []

    def ask() -> None:
        with pytest.raises(ConnectionError) as raised:
            coalescer.ask(1)
        heard.append(str(raised.value))

    threads = [threading.Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard == ["no bus"] * 3


def test_a_short_answer_is_a_fault_not_a_mix_up() -> None:
    with pytest.raises(Fault, match="asked 1 questions, got 0 answers"):
        Coalescer(lambda _items: [], 10, 0.0).ask(1)


def test_it_works_among_green_threads_too() -> None:
    code = """
from shared.messaging.green import go_green
go_green()
import eventlet
from shared.messaging.coalescing import Coalescer
sizes = []
def double(items):
    sizes.append(len(items))
    eventlet.sleep(0.005)
    return [item * 2 for item in items]
coalescer = Coalescer(double, 100, 0.002)
answers = list(eventlet.GreenPool(64).imap(coalescer.ask, range(2000)))
assert answers == [item * 2 for item in range(2000)]
assert len(sizes) < 400, len(sizes)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
