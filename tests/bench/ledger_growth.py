"""What a reservation costs as the ledger grows, beside the same on a ledger that stays small, turn by turn."""

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from rich.progress import Progress

from services.governance.application.use_cases import UseCases
from tests.bench.figures import Aim, Figure, median
from tests.bench.ledger_base import Ledger
from tests.bench.ledger_requests import Asking

_AIM = Aim("at most", 1.25)
_FAR = 100_000_000
_TELLING = 8  # times as many rows: less says little about the slope
_DEPTH = "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF, FORMAT JSON) SELECT 1 FROM contact WHERE {} = 'nobody'"


@dataclass(frozen=True, slots=True)
class GrowthSize:
    """Requests in a batch, batches at each size of the ledger, and requests made alone."""

    requests: int
    batches: int
    singles: int


@dataclass(slots=True)
class _Costs:
    """Microseconds a request, one pair for each turn: the growing ledger, the small one."""

    pairs: list[tuple[float, float]] = field(default_factory=list)

    @property
    def grown(self) -> float:
        return median([grown for grown, _ in self.pairs])

    @property
    def small(self) -> float:
        return median([small for _, small in self.pairs])

    @property
    def ratio(self) -> float:
        """Of the two in a turn, so that a slow moment of the machine meets both."""
        return median([grown / small for grown, small in self.pairs])


class Growth:
    """Measures a growing ledger beside the smallest, so that a drift of the machine meets both."""

    def __init__(self, smallest: Ledger, rules: Path, size: GrowthSize) -> None:
        self._smallest, self._rules, self._size = smallest, rules, size
        self._fixed = Asking(smallest.subscribers, "small")
        self._costs: dict[str, dict[int, _Costs]] = {"batch": {}, "single": {}}
        self._depths: dict[int, dict[str, int]] = {}

    def add(self, ledger: Ledger, progress: Progress) -> None:
        """Measure the ledger as it stands."""
        size = self._size
        asking = Asking(ledger.subscribers, f"{ledger.rows} rows")
        uses = ledger.service(self._rules), self._smallest.service(self._rules)
        for name, requests, turns in (("batch", size.requests, size.batches), ("single", 1, size.singles)):
            task = progress.add_task(f"{name} at {ledger.rows:,} rows", total=turns)
            _pair(uses, (asking, self._fixed), requests)  # connections, prepared statements
            costs = self._costs[name][ledger.rows] = _Costs()
            for _ in range(turns):
                costs.pairs.append(_pair(uses, (asking, self._fixed), requests))
                progress.advance(task)
        self._depths[ledger.rows] = _depths(ledger)
        ledger.close()
        self._smallest.close()

    def figures(self) -> tuple[list[Figure], dict[str, Any]]:
        """Return the cost at the greatest size, and at a hundred million rows if it goes on like that."""
        figures: list[Figure] = []
        details: dict[str, Any] = {"pages_to_find_nobody": self._depths}
        for name, costs in self._costs.items():
            sizes = sorted(costs)
            least, most = sizes[0], sizes[-1]
            aim = _AIM if most >= _TELLING * least else None
            label, small = f"{name} reserve, a request", costs[most].small
            told = f"the same at {least:,} rows, turn by turn"
            figures.append(Figure(f"{label} at {most:,} rows", "µs", costs[most].ratio * small, told, small, aim))
            slope, far = extrapolate(sizes, [costs[size].ratio for size in sizes], _FAR)
            words = f"{label} at {_FAR:,} rows, extrapolated"
            figures.append(Figure(words, "µs", far * small, told, small, aim))
            details[name] = {
                "microseconds": {size: costs[size].grown for size in sizes},
                "microseconds_of_the_smallest_meanwhile": {size: costs[size].small for size in sizes},
                "ratios": {size: costs[size].ratio for size in sizes},
                "slope_per_doubling": slope,
            }
        return figures, details


def extrapolate(sizes: Sequence[int], ratios: Sequence[float], far: int) -> tuple[float, float]:
    """Return by how much of its cost at the least size a doubling makes a request dearer, and its cost at `far`.

    A straight line over the doublings, by least squares: what grows is the depth of the indexes and the share of pages
    that are not in the cache, and both grow with the logarithm. Raises ValueError for fewer than two sizes.
    """
    if len(sizes) < 2:
        raise ValueError("one size has no slope")
    doublings = [math.log2(size / sizes[0]) for size in sizes]
    middle, mean = sum(doublings) / len(doublings), sum(ratios) / len(ratios)
    spread = sum((one - middle) ** 2 for one in doublings)
    slope = sum((one - middle) * (ratio - mean) for one, ratio in zip(doublings, ratios, strict=True)) / spread
    start = mean - slope * middle
    return slope / start, 1 + slope / start * math.log2(far / sizes[0])


def _pair(uses: tuple[UseCases, UseCases], askings: tuple[Asking, Asking], requests: int) -> tuple[float, float]:
    grown, small = (_microseconds(use, asking.batch, requests) for use, asking in zip(uses, askings, strict=True))
    return grown, small


def _microseconds(use: UseCases, draw: Callable[[int], Any], requests: int) -> float:
    asked = draw(requests)
    began = time.perf_counter()
    use.reserve(asked)
    return (time.perf_counter() - began) * 1e6 / requests


def _depths(ledger: Ledger) -> dict[str, int]:
    """Return how many pages of each index lie on the way to an entry: one more is what a level costs."""
    found = {}
    with psycopg.connect(ledger.url) as connection:
        for column in ("contact_id", "customer_id"):
            [[plan]] = connection.execute(_DEPTH.format(column).encode()).fetchall()
            found[column] = plan[0]["Plan"]["Shared Hit Blocks"] + plan[0]["Plan"]["Shared Read Blocks"]
    return found
