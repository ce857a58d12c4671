"""`python -m tests.torture`: a run, a recount, and one line of JSON; 0 when no limit was exceeded and nothing lost.

With `--naive` governance checks and then inserts; that run is good (0) when the checker finds limits exceeded.
"""

import argparse
import json
import secrets
import signal
import sys
import time
from collections import Counter
from pathlib import Path

from tests.torture.checker import Findings
from tests.torture.driving import made_run
from tests.torture.plan import KILLS, RESTARTS, Plan, make_plan
from tests.torture.progress import Progress
from tests.torture.town import Servers

_ROOT = Path(__file__).parents[2]


def main() -> int:
    """Run, recount, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000, help="contact requests to be answered")
    parser.add_argument("--naive", action="store_true", help="check, then insert: must show breaches")
    parser.add_argument("--seed", type=int, default=None, help="draw the same blows and requests again")
    parser.add_argument("--folder", type=Path, default=_ROOT / "var" / "torture", help="logs and accounts of breaches")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whoever ends it leaves no process behind
    plan = make_plan(options.requests, _seed(options.seed), is_naive=options.naive)
    told, is_good = run(plan, options.folder)
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if is_good else 1


def run(plan: Plan, folder: Path) -> tuple[dict[str, object], bool]:
    """Make one run; return the last line's figures, and whether the run shows what it should."""
    began = time.monotonic()
    servers = Servers.start()
    try:
        with Progress(plan) as progress, made_run(plan, folder, progress, servers) as made:
            progress.say("recounting every window from the ledger and from the clients' logs")
            findings = made.check()
    finally:
        servers.stop()
    findings.write(folder)
    return _told(plan, made.dealt, findings, time.monotonic() - began)


def _told(plan: Plan, dealt: Counter[str], findings: Findings, seconds: float) -> tuple[dict[str, object], bool]:
    sys.stdout.write(json.dumps({"seed": plan.seed, "blows": dict(dealt), **findings.notes}, ensure_ascii=False) + "\n")
    figures: dict[str, object] = {
        "requests": findings.requests,
        "permits": findings.permits,
        "breaches": findings.breaches,
        "lost": findings.lost,
        "duplicated": findings.duplicated,
        "kills": sum(count for blow, count in dealt.items() if blow in KILLS),
        "restarts": sum(count for blow, count in dealt.items() if blow in RESTARTS),
        "seconds": round(seconds, 1),
    }
    if plan.is_naive:
        return figures | {"naive": True}, findings.breaches > 0
    return figures, findings.breaches == findings.lost == findings.duplicated == 0


def _seed(given: int | None) -> int:
    return secrets.randbelow(1_000_000) if given is None else given


if __name__ == "__main__":
    raise SystemExit(main())
