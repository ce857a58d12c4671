"""One reservation on the bus, alone and with others in flight, beside a stock nameko RPC that returns its arguments."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
from rich.progress import Progress

from shared.contracts.governance import ContactRequest
from tests.bench.figures import Figure, median, percentile, rate
from tests.bench.ledger_base import Ledger
from tests.bench.ledger_requests import Asking
from tests.bench.load import Burst, Call, Load
from tests.bench.recommend import BASELINE, running_echo

_TOGETHER = 16


@dataclass(frozen=True, slots=True)
class RpcSize:
    """Rounds, and calls of a round: one at a time, and several in flight."""

    rounds: int
    alone: int
    together: int


@dataclass(slots=True)
class _Rounds:
    """One figure a round."""

    pace: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def add(self, burst: Burst) -> None:
        self.pace.append(rate(len(burst.replies), burst.seconds))
        self.p50.append(percentile(burst.latencies, 0.5) * 1_000)
        self.p99.append(percentile(burst.latencies, 0.99) * 1_000)


def beside_echo(
    amqp_url: str, ledger: Ledger, progress: Progress, size: RpcSize
) -> tuple[list[Figure], dict[str, Any]]:
    """Return p50, p99 and calls a second of both, medians of rounds that take turns.

    Raises RuntimeError unless the ledger grew by what was permitted.
    """
    asking = Asking(ledger.subscribers, "on the bus")
    before, permits = _contacts(ledger), 0
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    with running_echo(amqp_url):
        load = Load(amqp_url)
        for in_flight, calls in ((1, size.alone), (_TOGETHER, size.together)):
            task = progress.add_task(f"reserve and echo, {in_flight} in flight", total=size.rounds + 1)
            echo, ours = _Rounds(), _Rounds()
            for number in range(size.rounds + 1):
                asked = asking.batch(calls)
                bare = load.burst(_calls("echo", "echo", asked), in_flight)
                whole = load.burst(_calls("governance", "reserve", asked), in_flight)
                permits += sum(verdict["verdict"] == "permit" for [verdict] in whole.results())
                if number:  # the first round warms up
                    echo.add(bare)
                    ours.add(whole)
                progress.advance(task)
            figures += _figures(ours, echo, in_flight)
            details[f"{in_flight} in flight"] = {"reserve_p99_ms": ours.p99, "echo_p99_ms": echo.p99}
        load.close()
    grown = _contacts(ledger) - before
    if grown != permits:
        raise RuntimeError(f"{permits} contacts were permitted, but the ledger grew by {grown}")
    return figures, details


def _figures(ours: _Rounds, echo: _Rounds, in_flight: int) -> list[Figure]:
    label = f"reserve on the bus, {in_flight} in flight"
    return [
        Figure(label, "calls/s", median(ours.pace), BASELINE, median(echo.pace)),
        Figure(f"{label}, p50", "ms", median(ours.p50), BASELINE, median(echo.p50)),
        Figure(f"{label}, p99", "ms", median(ours.p99), BASELINE, median(echo.p99)),
    ]


def _calls(service: str, method: str, asked: Sequence[ContactRequest]) -> list[Call]:
    return [Call.to(service, method, {"requests": [msgspec.to_builtins(one)]}) for one in asked]


def _contacts(ledger: Ledger) -> int:
    with psycopg.connect(ledger.url) as connection:
        [[found]] = connection.execute("SELECT count(*) FROM contact").fetchall()
        return int(found)
