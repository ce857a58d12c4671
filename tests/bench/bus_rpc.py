"""Our hardened entrypoints beside stock nameko: the same echo, the same client, turn by turn; and one replica more."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from rich.progress import Progress

from shared.messaging.serving import READY
from tests.bench.figures import Aim, Figure, median, percentile, rate
from tests.bench.load import IN_FLIGHT, Burst, Call, Load
from tests.bench.recommend import BASELINE, running_echo
from tests.support.deployment import ROOT

_STOP_SECONDS = 20.0
ARGUMENTS = {
    "customer_id": "FJ00004711",
    "channel": "hall",
    "context": {"request_id": "r-4711", "at": "2026-03-02T10:00:00+08:00", "reasons": ["visit", "package"], "n": 5},
}


@dataclass(frozen=True, slots=True)
class RpcSize:
    """Rounds, and calls of a round: many in flight, and one at a time."""

    rounds: int
    together: int
    alone: int


@contextmanager
def running_hardened(amqp_url: str, replicas: int = 1) -> Iterator[None]:
    """Serve the hardened echo in processes of their own."""
    environment = {**os.environ, "BANYAN_AMQP_URL": amqp_url, "PYTHONWARNINGS": "ignore", "BANYAN_LOG": "text"}
    command = [sys.executable, "-m", "tests.bench.hardened_echo"]
    with ExitStack() as stack:
        for _ in range(replicas):
            process = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
            )
            stack.callback(_stop, process)
            if process.stdout is None or not process.stdout.readline().startswith(READY):
                raise RuntimeError("the hardened echo does not start")
        yield


def beside_stock(amqp_url: str, progress: Progress, size: RpcSize) -> tuple[list[Figure], dict[str, Any]]:
    """Return calls a second and latencies of both, medians of rounds that take turns."""
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    stock, hardened = Call.to("echo", "echo", ARGUMENTS), Call.to("hardened_echo", "echo", ARGUMENTS)
    with running_echo(amqp_url), running_hardened(amqp_url):
        load = Load(amqp_url)
        for in_flight, calls in ((IN_FLIGHT, size.together), (1, size.alone)):
            task = progress.add_task(f"echo, {in_flight} in flight", total=size.rounds + 1)
            bursts: dict[str, list[Burst]] = {"stock": [], "hardened": []}
            for number in range(size.rounds + 1):
                for name, call in (("stock", stock), ("hardened", hardened)):
                    burst = load.burst([call] * calls, in_flight)
                    burst.results()
                    if number:  # the first round warms up
                        bursts[name].append(burst)
                progress.advance(task)
            figures += _figures(in_flight, bursts["hardened"], bursts["stock"])
            details[f"{in_flight} in flight"] = {name: [_pace(one) for one in found] for name, found in bursts.items()}
        load.close()
    return figures, details


def scaling(amqp_url: str, progress: Progress, size: RpcSize) -> tuple[list[Figure], dict[str, Any]]:
    """Return the pace of a service that computes, of two replicas beside one."""
    calls = [Call.to("hardened_echo", "work", {"number": number}) for number in range(size.together)]
    paces: dict[int, list[float]] = {1: [], 2: []}
    task = progress.add_task("one replica and two", total=2)
    for replicas, found in paces.items():
        with running_hardened(amqp_url, replicas):
            load = Load(amqp_url)
            load.burst(calls[: len(calls) // 4])
            for _ in range(size.rounds):
                found.append(_pace(load.burst(calls)))
            load.close()
        progress.advance(task)
    one, two = median(paces[1]), median(paces[2])
    return [Figure("a service that computes, 2 replicas", "calls/s", two, "1 replica", one)], {"paces": paces}


def _figures(in_flight: int, ours: list[Burst], stock: list[Burst]) -> list[Figure]:
    aim = Aim("at least", 0.9)
    figures = [
        Figure(
            f"hardened echo, {in_flight} in flight",
            "calls/s",
            median([_pace(one) for one in ours]),
            BASELINE,
            median([_pace(one) for one in stock]),
            aim,
        )
    ]
    for share in (0.5, 0.99):
        mine, theirs = (
            median([percentile(one.latencies, share) * 1_000 for one in bursts]) for bursts in (ours, stock)
        )
        name = f"hardened echo, p{share * 100:.0f}, {in_flight} in flight"
        figures.append(Figure(name, "ms", mine, BASELINE, theirs, Aim("at most", 1 / 0.9)))
    return figures


def _pace(burst: Burst) -> float:
    return rate(len(burst.replies), burst.seconds)


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    process.wait(_STOP_SECONDS)
    if process.stdout:
        process.stdout.close()
