"""Deciding about one subscriber in process: durable-rules behind our guard beside zen-engine, on the same rules.

Sides take turns round by round. Rates are per second of processor time, so that what else runs on the machine does not
count as ours; latencies are wall time. Before anything is timed, every side must say the same of every subscriber.
"""

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from shared.rulekit.durable_backend import DurableDecider
from shared.rulekit.facts import Facts
from shared.rulekit.reference import evaluate
from tests.bench.figures import Aim, Figure, median, percentile, rate
from tests.bench.offers import ON, Offers, make_offers
from tests.bench.whole_decision import WholeDecision
from tests.bench.zen_offers import Decide, compiled_expression, decision_table

_OFFERINGS = 20
_LEAN = 20_000.0  # decisions a second
_MOST_MILLISECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Size:
    """How many subscribers and rounds, and the numbers of offerings of the curve."""

    subscribers: int
    rounds: int
    curve: tuple[int, ...]


FULL = Size(subscribers=2_000, rounds=9, curve=(20, 100, 500, 1_000, 2_500))
QUICK = Size(subscribers=200, rounds=3, curve=(20, 100))


def measure(progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    """Return rates and latencies over 20 offerings, and the curve over many; raises RuntimeError when sides differ."""
    task = progress.add_task("decisions", total=size.rounds * 2 + len(size.curve))
    offers = make_offers(_OFFERINGS, size.subscribers)
    sides = _sides(offers)
    _compare(sides, offers)
    rates = {name: _Rates() for name in sides}
    for _ in range(size.rounds):
        for name, side in sides.items():
            rates[name].add(side, offers.subscribers)
        progress.advance(task)
    whole = WholeDecision(offers)
    latencies = []
    for _ in range(size.rounds):
        latencies.append(_Latencies.of(whole.decide, offers.subscribers))
        progress.advance(task)
    curve = []
    for offerings in size.curve:
        curve.append(_point(offerings, size))
        progress.advance(task)
    found = {name: one.median for name, one in rates.items()}
    return _figures(found, latencies, curve), _details(found, latencies, curve, whole, offers)


def _sides(offers: Offers) -> dict[str, Decide]:
    decider = DurableDecider(offers.conditions, offers.book)

    def ours(facts: Facts) -> set[str]:
        return {name for name, holds in decider.decide(facts, on=ON).items() if holds}

    def by_reference(facts: Facts) -> set[str]:
        conditions = offers.conditions.items()
        return {name for name, one in conditions if evaluate(one, facts, book=offers.book, on=ON) is True}

    return {
        "banyan": ours,
        "zen table": decision_table(offers.conditions),
        "zen expression": compiled_expression(offers.conditions),
        "reference": by_reference,
    }


def _compare(sides: dict[str, Decide], offers: Offers) -> None:
    for facts in offers.subscribers:
        said = {name: side(facts) for name, side in sides.items()}
        if any(one != said["banyan"] for one in said.values()):
            message = f"the sides differ about {facts}: {said}"
            raise RuntimeError(message)


class _Rates:
    """Decisions per second of processor time, one figure a round."""

    def __init__(self) -> None:
        self.rounds: list[float] = []

    def add(self, side: Callable[[Facts], object], subscribers: Sequence[Facts]) -> None:
        gc.collect()
        begun = time.process_time()
        for facts in subscribers:
            side(facts)
        self.rounds.append(rate(len(subscribers), time.process_time() - begun))

    @property
    def median(self) -> float:
        return median(self.rounds)


@dataclass(frozen=True, slots=True)
class _Latencies:
    """What each decision of a round took, in milliseconds: by the clock on the wall, and of processor time."""

    wall: list[float]
    processor: list[float]

    @classmethod
    def of(cls, decide: Callable[[Facts], object], subscribers: Sequence[Facts]) -> "_Latencies":
        gc.collect()
        wall, processor = [], []
        for facts in subscribers:
            begun, spent = time.perf_counter(), time.thread_time()
            decide(facts)
            processor.append((time.thread_time() - spent) * 1e3)
            wall.append((time.perf_counter() - begun) * 1e3)
        return cls(wall, processor)


@dataclass(frozen=True, slots=True)
class _Point:
    """One place of the curve: compiling and trial in a child process, then decisions."""

    offerings: int
    load_seconds: float
    per_second: float

    @property
    def microseconds(self) -> float:
        """Of processor time for each offering of a decision."""
        return 1e6 / self.per_second / self.offerings


def _point(offerings: int, size: Size) -> _Point:
    offers = make_offers(
        offerings, max(size.subscribers * _OFFERINGS // offerings, 50), seed=1_000 + offerings
    )  # never tried before
    begun = time.perf_counter()
    decider = DurableDecider(offers.conditions, offers.book)
    load = time.perf_counter() - begun
    rates = _Rates()
    for _ in range(size.rounds):
        rates.add(lambda facts: decider.decide(facts, on=ON), offers.subscribers)
    return _Point(offerings, load, rates.median)


def _figures(found: dict[str, float], latencies: list[_Latencies], curve: list[_Point]) -> list[Figure]:
    name, unit = f"decisions over {_OFFERINGS} offerings", "1/s"
    ours = found["banyan"]
    wall, processor = ([getattr(one, kind) for one in latencies] for kind in ("wall", "processor"))
    first, last = curve[0], curve[-1]
    return [
        Figure(name, unit, ours, "zen-engine, decision table", found["zen table"], Aim("at least", 1.0)),
        Figure(name, unit, ours, "zen-engine, one compiled expression", found["zen expression"]),
        Figure(name, unit, ours, "our reference evaluator", found["reference"]),
        Figure(name, unit, ours, "the aim", _LEAN, Aim("at least", _LEAN, judged="value")),
        Figure(
            "whole decision with conflicts and limits, p99", "ms", _typical(wall, 0.99), "its p50", _typical(wall, 0.5),
            Aim("at most", _MOST_MILLISECONDS, judged="value"),
        ),
        Figure(
            "the same, of processor time", "ms", _typical(processor, 0.99), "its p50", _typical(processor, 0.5),
            Aim("at most", _MOST_MILLISECONDS, judged="value"),
        ),
        Figure(
            f"one of {last.offerings:,} offerings", "µs", last.microseconds, f"one of {first.offerings}",
            first.microseconds,
        ),
        Figure(
            f"loading {last.offerings:,} offerings, trial included", "s", last.load_seconds,
            f"{first.offerings} offerings", first.load_seconds,
        ),
    ]  # fmt: skip


def _typical(rounds: Sequence[list[float]], share: float) -> float:
    return median([percentile(one, share) for one in rounds])


def _details(
    found: dict[str, float], latencies: list[_Latencies], curve: list[_Point], whole: WholeDecision, offers: Offers
) -> dict[str, Any]:
    shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}
    return {
        "decisions_per_cpu_second": found,
        "whole_decision_ms": {name: _typical([one.wall for one in latencies], share) for name, share in shares.items()},
        "whole_decision_processor_ms": {
            name: _typical([one.processor for one in latencies], share) for name, share in shares.items()
        },
        "whole_decision_is": whole.told(offers.subscribers),
        "curve": [
            {
                "offerings": one.offerings,
                "decisions_per_cpu_second": one.per_second,
                "microseconds_an_offering": one.microseconds,
                "load_seconds": one.load_seconds,
            }
            for one in curve
        ],
    }
