"""`python -m tests.torture`: a run, a recount, and one line of JSON; 0 when no limit was exceeded and nothing lost.

With `--naive` governance checks and then inserts; that run is good (0) when the checker finds limits exceeded.
"""

import argparse
import json
import secrets
import shutil
import sys
import time
from collections import Counter
from pathlib import Path

from tests.torture.checker import Findings, check
from tests.torture.plan import KILLS, RESTARTS, Plan, Strike, make_plan
from tests.torture.progress import Progress
from tests.torture.town import Town

_ROOT = Path(__file__).parents[2]
_GLANCE = 0.2
_STUCK_SECONDS = 240


def main() -> int:
    """Run, recount, tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.torture", description=__doc__)
    parser.add_argument("--requests", type=int, default=1_000_000, help="contact requests to be answered")
    parser.add_argument("--naive", action="store_true", help="check, then insert: must show breaches")
    parser.add_argument("--seed", type=int, default=None, help="draw the same blows and requests again")
    parser.add_argument("--folder", type=Path, default=_ROOT / "var" / "torture", help="logs and accounts of breaches")
    options = parser.parse_args()
    plan = make_plan(options.requests, _seed(options.seed), is_naive=options.naive)
    told, is_good = run(plan, options.folder)
    sys.stdout.write(json.dumps(told) + "\n")
    return 0 if is_good else 1


def run(plan: Plan, folder: Path) -> tuple[dict[str, object], bool]:
    """Make one run; return the last line's figures, and whether the run shows what it should."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    began = time.monotonic()
    dealt: Counter[str] = Counter()
    with Progress(plan) as progress, Town(plan, folder) as town:
        progress.say(f"seed {plan.seed}: {len(plan.strikes)} blows, {plan.services} replicas, {plan.clients} clients")
        town.start()
        _drive(town, plan, progress, dealt)
        progress.say("every request is answered; waiting for the queues to run dry")
        town.settle()
        town.fleet.stop()
        events: list[tuple[str, str]] = []
        town.events(lambda event_id, body: events.append((event_id, body)))
        progress.say("recounting every window from the ledger and from the clients' logs")
        logs = [town.fleet.log_of(number) for number in range(plan.clients)]
        findings = check(town.database_url, town.rules, logs, events, plan.ahead)
        findings.note("processes that ended by themselves", dict(town.fleet.ended))
        findings.note("dead letters", town.parked())
    findings.write(folder)
    return _told(plan, dealt, findings, time.monotonic() - began)


def _drive(town: Town, plan: Plan, progress: Progress, dealt: Counter[str]) -> None:
    """Deal every blow when its time has come, and keep everything running until the clients have finished."""
    waiting = list(plan.strikes)
    moved_at, before = time.monotonic(), -1
    while not town.fleet.is_done():
        town.fleet.keep_alive()
        answered = town.fleet.answered()
        if answered != before:
            moved_at, before = time.monotonic(), answered
        elif time.monotonic() > moved_at + _STUCK_SECONDS:
            raise TimeoutError(f"no request was answered for {_STUCK_SECONDS} s")
        progress.show(answered, dealt)
        if waiting and answered >= waiting[0].at * plan.requests:
            strike = waiting.pop(0)
            progress.say(_words(strike))
            dealt[strike.blow] += town.deal(strike)
        time.sleep(_GLANCE)


def _words(strike: Strike) -> str:
    clock = f", its clock then {strike.skew:+d} s" if strike.blow in {"service", "straggler"} else ""
    return f"at {strike.at:.0%}: {strike.blow} {strike.target}{clock}"


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
