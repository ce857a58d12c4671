"""`campaigns.recommend`, with every inner call and the ledger, beside a stock nameko RPC that returns its arguments."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Any

from rich.progress import Progress

from services.workbench import province
from shared.kernel.faults import Unavailable
from shared.messaging.client import BanyanClient
from tests.bench.figures import Aim, Figure, median, percentile, rate
from tests.bench.load import IN_FLIGHT, Burst, Call, Load
from tests.bench.town import MORNING, Town, town
from tests.support.deployment import ROOT
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import plans

BASELINE = "stock nameko echo RPC"
_CHANNELS = ("hall", "hotline", "web")
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Size:
    """How much to measure: subscribers in the base, rounds, calls per round."""

    base: int
    rounds: int
    calls: int


FULL = Size(base=12_000, rounds=7, calls=1_500)
QUICK = Size(base=2_000, rounds=3, calls=400)


@dataclass(slots=True)
class _Rounds:
    """One figure per round."""

    throughput: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def add(self, burst: Burst) -> None:
        self.throughput.append(rate(len(burst.replies), burst.seconds))
        self.p50.append(percentile(burst.latencies, 0.5) * 1_000)
        self.p99.append(percentile(burst.latencies, 0.99) * 1_000)


def measure(
    postgres: Postgres, broker: RabbitMQ, progress: Progress, size: Size
) -> tuple[list[Figure], dict[str, Any]]:
    """Return throughput, p50 and p99 beside the echo's, medians of rounds that take turns, and what was answered."""
    with town(postgres, broker, progress) as place:
        place.load(size.base)
        place.launch(plans())
        place.operator.ask("campaigns_bulk", "run_due", until=MORNING.isoformat())
        place.deployment.settle()
        with running_echo(place.deployment.amqp_url):
            return _measure(place, progress, size)


def _measure(place: Town, progress: Progress, size: Size) -> tuple[list[Figure], dict[str, Any]]:
    load = Load(place.deployment.amqp_url)
    numbers = count(1)
    visits = _visits(size.base)
    warm = list(islice(visits, size.calls // 3))
    load.burst([_recommend(next(numbers), visit) for visit in warm]).results()
    load.burst([_echo_call(next(numbers), visit) for visit in warm]).results()
    before = place.count("governance", "contact WHERE direction = 'inbound'")
    echo, advice = _Rounds(), _Rounds()
    answers: list[Any] = []
    task = progress.add_task("recommend and echo, turn by turn", total=size.rounds)
    for _ in range(size.rounds):
        round_of = list(islice(visits, size.calls))
        burst = load.burst([_echo_call(next(numbers), visit) for visit in round_of])
        burst.results()
        echo.add(burst)
        burst = load.burst([_recommend(next(numbers), visit) for visit in round_of])
        answers += burst.results()
        advice.add(burst)
        progress.advance(task)
    load.close()
    made = sum(len(answer["offers"]) for answer in answers)
    written = place.count("governance", "contact WHERE direction = 'inbound'") - before
    if written != made:
        raise RuntimeError(f"{made} offers were made, but the ledger grew by {written} contacts")
    return _figures(advice, echo), _details(size, answers, advice, echo)


def _figures(advice: _Rounds, echo: _Rounds) -> list[Figure]:
    return [
        Figure(
            f"recommend, {IN_FLIGHT} in flight",
            "calls/s",
            median(advice.throughput),
            BASELINE,
            median(echo.throughput),
            Aim("at least", 0.25, 0.5),
        ),
        Figure("recommend, p50", "ms", median(advice.p50), BASELINE, median(echo.p50)),
        Figure("recommend, p99", "ms", median(advice.p99), BASELINE, median(echo.p99), Aim("at most", 5.0)),
    ]


def _details(size: Size, answers: Sequence[Any], advice: _Rounds, echo: _Rounds) -> dict[str, Any]:
    offered = sum(bool(answer["offers"]) for answer in answers)
    return {
        "base": size.base,
        "calls": len(answers),
        "in_flight": IN_FLIGHT,
        "share_with_an_offer": offered / len(answers),
        "offers_per_answer": sum(len(answer["offers"]) for answer in answers) / len(answers),
        "withheld_per_answer": sum(len(answer["withheld"]) for answer in answers) / len(answers),
        "recommend_calls_per_second": advice.throughput,
        "echo_calls_per_second": echo.throughput,
        "recommend_p99_ms": advice.p99,
        "echo_p99_ms": echo.p99,
    }


def _visits(base: int) -> Iterator[tuple[str, str]]:
    """Yield (subscriber, channel) without repeating a subscriber; raises ValueError when the base is used up.

    A stride spreads the visitors over the base, since ids in a row would share pages of the stores.
    """
    stride = next(step for step in range(base // 3 * 2, base) if _coprime(step, base))
    for number in range(base):
        yield province.customer_id(number * stride % base + 1), _CHANNELS[number % len(_CHANNELS)]
    raise ValueError("the base has fewer subscribers than are to visit")


def _coprime(left: int, right: int) -> bool:
    while right:
        left, right = right, left % right
    return left == 1


def _arguments(number: int, visit: tuple[str, str]) -> dict[str, object]:
    customer_id, channel = visit
    return {"customer_id": customer_id, "channel": channel, "context": {"request_id": f"bench-{number}"}}


def _recommend(number: int, visit: tuple[str, str]) -> Call:
    return Call.to("campaigns", "recommend", _arguments(number, visit))


def _echo_call(number: int, visit: tuple[str, str]) -> Call:
    return Call.to("echo", "echo", _arguments(number, visit))


@contextmanager
def running_echo(amqp_url: str) -> Iterator[None]:
    """Run the echo service as `nameko run` does, in a process of its own."""
    nameko = "from nameko.cli.main import main; main()"  # what its console script does
    command = [sys.executable, "-c", nameko, "run", "--broker", amqp_url, "tests.bench.echo_service"]
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with BanyanClient(amqp_url) as client:
            _await(client, process)
        yield
    finally:
        process.terminate()
        process.wait(_START_SECONDS)


def _await(client: BanyanClient, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            client.call("echo", "echo", timeout=5.0)
        except Unavailable as fault:
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the echo service does not start") from fault
            time.sleep(0.1)
        else:
            return
