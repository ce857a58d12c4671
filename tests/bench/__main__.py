"""`python -m tests.bench`: measure, print a table, write var/bench/bench.json. Times are shown, never asserted."""

import argparse
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # the choice is in docs/decisions

from tests.bench import memory, outbound, recommend, report  # noqa: E402 - these import eventlet, which warns
from tests.bench.figures import Figure  # noqa: E402
from tests.support.deployment import ROOT  # noqa: E402
from tests.support.postgres import Postgres  # noqa: E402
from tests.support.processes import MissingServerError  # noqa: E402
from tests.support.rabbitmq import RabbitMQ  # noqa: E402
from tests.support.servers import find_postgres, find_rabbitmq  # noqa: E402

PARTS = ("recommend", "outbound", "memory")
_OUT = ROOT / "var" / "bench" / "bench.json"

Servers = tuple[Postgres, RabbitMQ]


def main() -> int:
    """Measure what was asked for; exit 0 whatever the figures are."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    console = Console()
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    parts = options.only or PARTS
    try:
        with _servers(parts) as servers, Progress(*bars, console=console) as progress:
            around = report.surroundings(servers[0] if servers else None)
            figures, details = _measure(parts, servers, progress, quick=options.quick)
    except MissingServerError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    report.show(console, figures)
    report.write(options.out, figures, details, around | {"quick": options.quick})
    console.print(f"details: {options.out}")
    return 0


def _measure(
    parts: list[str] | tuple[str, ...], servers: Servers | None, progress: Progress, *, quick: bool
) -> tuple[list[Figure], dict[str, Any]]:
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    for part in parts:
        if part == "memory":
            found = memory.measure(progress, memory.QUICK if quick else memory.FULL)
        elif servers is None:
            raise ValueError(part)
        elif part == "recommend":
            found = recommend.measure(*servers, progress, recommend.QUICK if quick else recommend.FULL)
        else:
            found = outbound.measure(*servers, progress, outbound.QUICK if quick else outbound.FULL)
        figures += found[0]
        details[part] = found[1]
    return figures, details


@contextmanager
def _servers(parts: list[str] | tuple[str, ...]) -> Iterator[Servers | None]:
    """Find or start the servers, unless nothing asked for needs them."""
    if set(parts) == {"memory"}:
        yield None
        return
    postgres = find_postgres()
    try:
        broker = find_rabbitmq()
        try:
            yield postgres, broker
        finally:
            broker.stop()
    finally:
        postgres.stop()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be given several times")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast is it")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the JSON goes")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
