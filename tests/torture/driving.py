"""A run from the first to the last request: clients ask, blows fall when their time has come, then everything stops."""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.torture.checker import Findings, check
from tests.torture.plan import Plan, Strike
from tests.torture.progress import Progress
from tests.torture.town import Servers, Town

_GLANCE = 0.2
_STUCK_SECONDS = 240
_RELIEF_SECONDS = 20


@dataclass(slots=True)
class Run:
    """What a finished run left behind; its servers still stand."""

    town: Town
    plan: Plan
    logs: Sequence[Path]
    events: Sequence[tuple[str, str]]
    dealt: Counter[str] = field(default_factory=Counter)

    def check(self) -> Findings:
        """Recount it."""
        findings = check(self.town.database_url, self.town.rules, self.logs, self.events, self.plan.ahead)
        findings.note("processes that ended by themselves", dict(self.town.fleet.ended))
        findings.note("dead letters", self.town.parked())
        return findings


@contextmanager
def made_run(plan: Plan, folder: Path, progress: Progress, servers: Servers) -> Iterator[Run]:
    """Make a run in a folder, which is emptied; the block can look at everything it left."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    dealt: Counter[str] = Counter()
    with Town(plan, folder, servers) as town:
        progress.say(f"seed {plan.seed}: {len(plan.strikes)} blows, {plan.services} replicas, {plan.clients} clients")
        town.start()
        _drive(town, plan, progress, dealt)
        progress.say("every request is answered; waiting for the queues to run dry")
        town.settle()
        town.fleet.stop()
        logs = [town.fleet.log_of(number) for number in range(plan.clients)]
        yield Run(town, plan, logs, town.events(), dealt)


def _drive(town: Town, plan: Plan, progress: Progress, dealt: Counter[str]) -> None:
    """Deal every blow when its time has come, and keep everything running until the clients have finished."""
    waiting = list(plan.strikes)
    moved_at = struck_at = time.monotonic()
    before = -1
    _open_gate(town, waiting)
    while not town.fleet.is_done():
        town.fleet.keep_alive()
        answered = town.fleet.answered()
        if answered != before:
            moved_at, before = time.monotonic(), answered
        elif time.monotonic() > moved_at + _STUCK_SECONDS:
            ended = dict(town.fleet.ended)
            raise TimeoutError(f"no request was answered for {_STUCK_SECONDS} s; ended by themselves: {ended}")
        progress.show(answered, dealt)
        if waiting and answered >= waiting[0].at * plan.requests and _is_time(town, waiting[0], struck_at):
            strike, struck_at = waiting.pop(0), time.monotonic()
            progress.say(_words(strike))
            dealt[strike.blow] += town.deal(strike)
            _open_gate(town, waiting)
        time.sleep(_GLANCE)


def _open_gate(town: Town, waiting: Sequence[Strike]) -> None:
    """Let clients go on until the blow after the next one: whatever is in flight meets the next one."""
    nearly = min(waiting[0].at + 0.05, 0.99) if waiting else 1.0
    town.fleet.open_gate(waiting[1].at if len(waiting) > 1 else nearly)


def _is_time(town: Town, strike: Strike, struck_at: float) -> bool:
    """Tell whether a process with a wrong clock has begun to answer, before it is put right."""
    is_late = time.monotonic() > struck_at + _RELIEF_SECONDS
    return strike.blow != "relief" or is_late or town.fleet.is_ready(strike.target)


def _words(strike: Strike) -> str:
    clock = f", its clock then {strike.skew:+d} s" if strike.blow in {"service", "straggler", "racer", "relief"} else ""
    return f"at {strike.at:.0%}: {strike.blow} {strike.target}{clock}"
