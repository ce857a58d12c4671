"""The arithmetic of a benchmark: percentiles, medians, ratios, and whether an aim is reached."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Wanted = Literal["at least", "at most"]
Judged = Literal["ratio", "value"]


def percentile(values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile: the smallest value that at least `share` of all do not exceed.

    Raises ValueError without values or with a share outside 0 (exclusive) to 1.
    """
    if not values or not 0 < share <= 1:
        message = f"no {share:g} share of {len(values)} values"
        raise ValueError(message)
    ranked = sorted(values)
    return ranked[max(math.ceil(share * len(ranked)), 1) - 1]


def median(values: Sequence[float]) -> float:
    """Return the middle value, or the mean of the two in the middle. Raises ValueError without values."""
    if not values:
        raise ValueError("no median of nothing")
    ranked = sorted(values)
    middle = len(ranked) // 2
    return ranked[middle] if len(ranked) % 2 else (ranked[middle - 1] + ranked[middle]) / 2


def rate(count: int, seconds: float) -> float:
    """Return how many a second. Raises ValueError when no time passed: then nothing was measured."""
    if seconds <= 0:
        raise ValueError("nothing takes no time")
    return count / seconds


@dataclass(frozen=True, slots=True)
class Aim:
    """What a figure should reach; `stretch` is what would be better still. `judged`: the ratio, or the value itself."""

    wanted: Wanted
    aim: float
    stretch: float | None = None
    judged: Judged = "ratio"


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured value beside its baseline, both in `unit`."""

    name: str
    unit: str
    value: float
    baseline: str
    """What it is compared with, in words."""
    baseline_value: float
    aim: Aim | None = None

    @property
    def ratio(self) -> float:
        """The value in baselines; infinite when the baseline is nothing."""
        return self.value / self.baseline_value if self.baseline_value else math.inf

    @property
    def reached(self) -> str:
        """`stretch`, `aim` or `missed`; empty for a figure without an aim."""
        if self.aim is None:
            return ""
        measured = self.ratio if self.aim.judged == "ratio" else self.value
        if self.aim.stretch is not None and self._meets(measured, self.aim.stretch):
            return "stretch"
        return "aim" if self._meets(measured, self.aim.aim) else "missed"

    def _meets(self, measured: float, bound: float) -> bool:
        if self.aim is not None and self.aim.wanted == "at most":
            return measured <= bound
        return measured >= bound
