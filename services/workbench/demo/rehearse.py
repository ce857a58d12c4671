"""Run a province's campaigns through all five services on a steered clock, hour by hour, and report."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from rich.progress import Progress, TaskID

from services.workbench.demo import cases, intake, organic, outcome
from services.workbench.demo.visitors import Visitors
from services.workbench.report.summary import ImportSummary, Summary
from shared.contracts.campaigns import RunReport, Story
from shared.contracts.channels import RunResult
from shared.contracts.plan import Plan
from shared.kernel.clock import SteeredClock
from shared.messaging.calling import RpcCaller

ZONE = ZoneInfo("Asia/Shanghai")
_HOURS = (9, 11, 13, 15, 17, 19)  # at which the rehearsal looks at the clock; nothing is due at night
_ORGANIC_DAY = 24  # after the last phase has been opened


class Suite(Protocol):
    """The five services in this process."""

    caller: RpcCaller

    def settle(self) -> None:
        """Return when no message is in flight and every outbox is empty."""
        ...


class Intake(Protocol):
    """Puts subscribers and lists into the services."""

    def load(self, caller: RpcCaller, progress: Progress) -> tuple[ImportSummary, list[str]]:
        """Return what came of it and some ids to draw visitors from."""
        ...


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What to run: `starts_on` is the first day, in the operator's zone; `seed` decides every chance."""

    seed: int
    starts_on: date
    days: int
    rules: Path
    folder: Path
    visitors_at_a_time: int = 8

    def hours(self) -> Iterator[datetime]:
        """Yield the moments at which the rehearsal moves the clock on, in order."""
        for day in range(self.days):
            for hour in _HOURS:
                yield datetime.combine(self.starts_on + timedelta(days=day), time(hour), ZONE)


def before(first_day: date) -> datetime:
    """Return the evening before the first day: when subscribers are loaded and campaigns approved."""
    return datetime.combine(first_day - timedelta(days=1), time(18), ZONE)


def rehearse(what: Rehearsal, suite: Suite, clock: SteeredClock, source: Intake, progress: Progress) -> Summary:
    """Load, launch, live through the days, evaluate and write `report.json` and `report.html`; return the summary."""
    caller = suite.caller
    intake.load_offerings(caller, cases.read_offerings(what.rules))
    suite.settle()
    summary_of_intake, ids = source.load(caller, progress)
    suite.settle()
    plans = cases.read_plans(what.rules)
    for plan in progress.track(plans, description="审批与上线 approve and launch"):
        cases.launch(caller, plan)
    suite.settle()
    visitors = Visitors(caller, ids, seed=what.seed, at_a_time=what.visitors_at_a_time)
    _live(what, suite, clock, plans, visitors, progress)
    task = progress.add_task("评估与报告 evaluate and report", total=None)
    summary = _summarise(what, caller, plans, summary_of_intake)
    outcome.write_report(what.folder, what.rules, caller, plans, summary)
    progress.update(task, total=1, completed=1)
    return summary


def _live(
    what: Rehearsal, suite: Suite, clock: SteeredClock, plans: list[Plan], visitors: Visitors, progress: Progress
) -> None:
    task = progress.add_task("活动执行 campaigns run", total=what.days)
    today = what.starts_on
    for moment in what.hours():
        if moment.date() != today:
            today = moment.date()
            progress.advance(task)
            if (today - what.starts_on).days == _ORGANIC_DAY:
                organic.take_products(suite.caller, plans, seed=what.seed)
                suite.settle()
        clock.move_to(moment)
        _work(suite, moment, visitors)
        _describe(progress, task, moment)
    progress.advance(task)


def _work(suite: Suite, moment: datetime, visitors: Visitors) -> None:
    """Let everything that is due at this hour happen, and wait until the services have heard of it."""
    due = {"until": moment}
    suite.caller.call("campaigns_bulk", "run_due", due, RunReport, intake.TIMEOUT)
    suite.settle()
    suite.caller.call("channels_bulk", "run_due", due, RunResult, intake.TIMEOUT)
    suite.settle()
    if visitors.come(moment):
        suite.settle()


def _describe(progress: Progress, task: TaskID, moment: datetime) -> None:
    progress.update(task, description=f"活动执行 campaigns run {moment:%m-%d %H:%M}")


def _summarise(what: Rehearsal, caller: RpcCaller, plans: list[Plan], source: ImportSummary) -> Summary:
    evaluations = outcome.evaluate_all(caller, plans)
    return Summary(
        seed=what.seed,
        starts_on=what.starts_on.isoformat(),
        days=what.days,
        rule_set=evaluations[0].rule_set if evaluations else "",
        intake=source,
        evaluations=evaluations,
        story=Story(customer_id="", lines=[]),
    )
