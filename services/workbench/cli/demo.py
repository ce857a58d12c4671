"""`banyan demo`: the main job from audience to evaluation, in this process, on a steered clock."""

import logging
import shutil
from datetime import date, datetime
from pathlib import Path

import click

from services.workbench.cli.rules.options import rules_folder_option

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_PAGE_WIDTH = 150  # where the output goes to a file: the funnel is a wide table
_FIRST_DAY = datetime(2026, 3, 2)  # noqa: DTZ001 - a calendar day, as the plans under rules/campaigns name it


@click.command()
@click.option("--subscribers", type=click.IntRange(1), default=20_000, show_default=True, help="生成用户数 · How many")
@click.option("--seed", type=int, default=7, show_default=True, help="随机种子 · The same seed, the same report")
@click.option(
    "--days", type=click.IntRange(1, 120), default=28, show_default=True, help="演练天数 · Days to live through"
)
@click.option(
    "--first-day", type=click.DateTime(["%Y-%m-%d"]), default=_FIRST_DAY, show_default=True, help="首日 · First day"
)
@click.option("--customers", type=_FILE, help="真实用户文件 · A CSV or Parquet file instead of generated subscribers")
@click.option("--map", "column_map", type=_FILE, help="列映射 YAML · Its column map, see rules/column_maps")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="输出目录",
)
@rules_folder_option
def demo(
    *,
    subscribers: int,
    seed: int,
    days: int,
    first_day: datetime,
    customers: Path | None,
    column_map: Path | None,
    out: Path,
    folder: Path,
) -> None:
    """演练全省活动并出报告 · Run every campaign of rules/campaigns on a province and report what happened.

    Writes report.html (for people) and report.json (for recounts). Subscribers' answers are simulated.
    """
    if (customers is None) != (column_map is None):
        raise click.UsageError("--customers and --map go together: a file is read through its column map")
    _run(seed, subscribers, days, first_day.date(), customers, column_map, out, folder)


def _run(
    seed: int,
    size: int,
    days: int,
    first_day: date,
    customers: Path | None,
    column_map: Path | None,
    out: Path,
    folder: Path,
) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from services.workbench.demo.console import show
    from services.workbench.demo.rehearse import Intake, Rehearsal, before, rehearse
    from services.workbench.demo.sources import GeneratedProvince, SubscriberFile
    from services.workbench.suite import EmbeddedSuite
    from shared.kernel.clock import SteeredClock
    from shared.observability.logging import configure_logging

    configure_logging("text", level=logging.WARNING)  # what services note in passing is not the demo's output
    databases = out / "databases"
    shutil.rmtree(databases, ignore_errors=True)  # a rehearsal starts from nothing, or its seed would mean nothing
    source: Intake = GeneratedProvince(seed, size)
    if customers is not None and column_map is not None:
        source = SubscriberFile(customers, column_map, folder)
    what = Rehearsal(seed=seed, starts_on=first_day, days=days, rules=folder, folder=out)
    clock = SteeredClock(before(first_day))
    console = Console()
    if not console.is_terminal:
        console = Console(width=_PAGE_WIDTH)
    bars = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with EmbeddedSuite(databases, folder, clock, seed) as suite, Progress(*bars, console=console) as progress:
        summary = rehearse(what, suite, clock, source, progress)
    show(console, summary)
    console.print(f"\n报告 report: [bold]{out / 'report.html'}[/bold]   明细 record: {out / 'report.json'}")
    if any(check.breaches for check in summary.checks):
        raise SystemExit(1)
