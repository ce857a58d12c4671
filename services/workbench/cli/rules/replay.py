"""`banyan rules replay`: recorded decisions, judged again under other rules."""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from services.workbench.rule_replay.records import Records

_FILE = click.Path(dir_okay=False, path_type=Path)
_MOMENT = click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"])


@click.command()
@click.option("--against", help="改用该 git 版本或目录的规则 · Judge by the rules of a git revision or folder instead")
@click.option("--database", help="数据库地址模板 · URL of the services' databases, with {service} in it")
@click.option("--decisions", "file", type=_FILE, help="决定文件 · A file of decisions that --export wrote")
@click.option("--export", "target", type=_FILE, help="导出决定到文件 · Write the decisions there, judge nothing")
@click.option("--since", type=_MOMENT, help="起始时间（含）· First instant, UTC unless it says otherwise")
@click.option("--until", type=_MOMENT, help="截止时间（不含）· First instant no longer")
@click.option(
    "--sample", type=click.IntRange(0, 100), default=3, show_default=True, help="每项样本数 · Samples of each change"
)
@click.option("--ids", "show_ids", is_flag=True, help="显示完整编号 · Show subscribers' ids whole: personal data")
@json_option
@language_option
@rules_folder_option
def replay(
    *,
    against: str | None,
    database: str | None,
    file: Path | None,
    target: Path | None,
    since: datetime | None,
    until: datetime | None,
    sample: int,
    show_ids: bool,
    as_json: bool,
    lang: str,
    folder: Path,
) -> None:
    """重放历史决定 · Judge recorded decisions again under the rules in --rules, or those --against names.

    Decisions come from the databases, or from a file. Exit code 1 when anything comes out otherwise.
    """
    if database is not None and file is not None:
        raise click.UsageError("name the decisions by one of --database or --decisions")
    records = _records(database, file, _aware(since), _aware(until), folder)
    if target is not None:
        from services.workbench.rule_replay.reading import export

        with target.open("wb") as written:
            click.echo(f"{export(records.read(), written)} decisions · {target}")
        return
    from services.workbench.rule_replay.replaying import replay as judge_again
    from services.workbench.rule_replay.showing import show
    from shared.rulekit.reading.folder import load_rules

    with _meant(against, folder) as (room, name):
        book = load_rules(room)
    with _progress(records.size()) as advance:
        report = judge_again(records, book, name, most_samples=sample, show_ids=show_ids, advance=advance)
    if as_json:
        print_json(report)
    else:
        show(report, book, lang)
    raise SystemExit(int(not report.is_same))


def _records(
    database: str | None, file: Path | None, since: datetime | None, until: datetime | None, folder: Path
) -> "Records":
    from services.governance.settings import Settings
    from services.workbench.rule_replay.reading import FIRST, LAST, DatabaseRecords, FileRecords

    span = since or FIRST, until or LAST
    if file is not None:
        return FileRecords(file, *span)
    environment = {**os.environ, "BANYAN_RULES_DIR": str(folder)}
    if database is not None:
        environment["BANYAN_DATABASE_URL"] = database
    return DatabaseRecords(environment, Settings.read(environment).terms, *span)


def _aware(moment: datetime | None) -> datetime | None:
    return moment.replace(tzinfo=UTC) if moment is not None and moment.tzinfo is None else moment


def _meant(against: str | None, folder: Path) -> AbstractContextManager[tuple[Path, str]]:
    if against is None:
        return nullcontext((folder, str(folder)))
    from services.workbench.rule_plan.revisions import rules_at

    return rules_at(against, folder)


@contextmanager
def _progress(total: int | None) -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many decisions have been judged."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("决定 decisions", total=total)
        yield lambda count: bars.advance(task, count)
