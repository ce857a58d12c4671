"""`python -m tests.bench`: measure, print a table, write var/bench/bench.json. Times are shown, never asserted."""

import argparse
import signal
import sys
import warnings
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated")  # the choice is in docs/decisions

from shared.messaging.collector import collect_seldom  # noqa: E402 - likewise
from tests.bench import report  # noqa: E402 - what these import imports eventlet, which warns
from tests.bench.figures import Figure  # noqa: E402 - likewise
from tests.bench.registry import PARTS, Servers  # noqa: E402 - likewise
from tests.support.deployment import ROOT  # noqa: E402 - likewise
from tests.support.processes import MissingServerError  # noqa: E402 - likewise

_OUT = ROOT / "var" / "bench" / "bench.json"


def main() -> int:
    """Measure what was asked for; exit 0 whatever the figures are."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    options = _options()
    collect_seldom()  # as every process of a service does
    console = Console()
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    parts: list[str] = options.parts or options.only or list(PARTS)
    figures: list[Figure] = []
    details: dict[str, Any] = {}
    try:
        with Servers(parts) as servers, Progress(*bars, console=console) as progress:
            around = report.surroundings(servers.postgres)
            for part in parts:
                found, details[part] = servers.measure(part, progress, quick=options.quick)
                figures += found
    except MissingServerError as missing:
        sys.stderr.write(f"{missing}\n")
        return 1
    report.show(console, figures)
    report.write(options.out, figures, details, around | {"quick": options.quick})
    console.print(f"details: {options.out}")
    return 0


def _part(name: str) -> str:
    if name not in PARTS:
        message = f"{name!r} is none of {', '.join(PARTS)}"
        raise argparse.ArgumentTypeError(message)
    return name


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("parts", nargs="*", type=_part, metavar="PART", help=f"{', '.join(PARTS)}; all without any")
    parser.add_argument("--only", action="append", choices=PARTS, help="this part alone; may be given several times")
    parser.add_argument("--quick", action="store_true", help="small sizes: does it run, not how fast is it")
    parser.add_argument("--out", type=Path, default=_OUT, help="where the JSON goes")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
