"""Peak resident memory of the embedded demo at two sizes of the base: it may grow by a page, not by the base."""

import json
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.progress import Progress

from tests.bench.figures import Aim, Figure
from tests.support.deployment import ROOT

FULL, QUICK = (20_000, 200_000), (5_000, 20_000)
"""Subscribers of the smaller and the larger base."""

DAYS = 3
GROWTH = 1.5
"""The most the larger base may take, in memories of the smaller one, whose audiences do not fill a page yet."""

_SHOWN = 2_000  # of what a failed demo wrote
# A process of its own, small: what a child is charged with begins with the size of whoever forked it.
_CHARGE = """
import json, os, subprocess, sys
child = subprocess.Popen(sys.argv[1:], stdout=sys.stderr)
_, status, usage = os.wait4(child.pid, 0)
json.dump({"code": os.waitstatus_to_exitcode(status), "peak": usage.ru_maxrss}, sys.stdout)
"""


@dataclass(frozen=True, slots=True)
class _Run:
    seconds: float
    mebibytes: float


def measure(progress: Progress, sizes: tuple[int, int]) -> tuple[list[Figure], dict[str, Any]]:
    """Return the peak at the larger size beside that at the smaller; raises RuntimeError when a demo fails."""
    task = progress.add_task(f"demo of {DAYS} days, {sizes[0]:,} and {sizes[1]:,} subscribers", total=len(sizes))
    runs = []
    for size in sizes:
        runs.append(_demo(size))
        progress.advance(task)
    small, large = runs
    figure = Figure(
        f"demo, peak memory, {sizes[1]:,} subscribers",
        "MiB",
        large.mebibytes,
        f"the same, {sizes[0]:,} subscribers",
        small.mebibytes,
        Aim("at most", GROWTH),
    )
    return [figure], {
        "days": DAYS,
        "subscribers": list(sizes),
        "mebibytes": [run.mebibytes for run in runs],
        "seconds": [run.seconds for run in runs],
    }


def _demo(size: int) -> _Run:
    """Run the demo; its peak is that of the largest of its processes (the recount of its report is one)."""
    with tempfile.TemporaryDirectory(prefix="banyan-bench-") as folder:
        demo = [sys.executable, "-W", "ignore", "-m", "services.workbench.cli.main", "demo"]
        command = [*demo, "--subscribers", str(size), "--days", str(DAYS), "--out", str(Path(folder) / "demo")]
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-c", _CHARGE, *command], cwd=ROOT, capture_output=True, text=True, check=True
        )
    charged = json.loads(done.stdout)
    if charged["code"] != 0:
        raise RuntimeError(f"banyan demo ended with {charged['code']}:\n{done.stderr[-_SHOWN:]}")
    return _Run(time.perf_counter() - began, charged["peak"] / _PER_MEBIBYTE)


_PER_MEBIBYTE = 1_048_576 if sys.platform == "darwin" else 1_024  # of ru_maxrss: bytes there, kibibytes elsewhere
