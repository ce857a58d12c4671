"""`banyan rules plan`: whom a change of the rules gains and loses, before it goes live."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import click

from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from services.workbench.customer_base import CustomerBase, Progress
    from services.workbench.rule_plan.planning import Wishes
    from services.workbench.rule_plan.report import PlanReport
    from services.workbench.rule_plan.sides import Side

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_ZONE = ZoneInfo("Asia/Shanghai")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where the subscribers come from: exactly one of the three."""

    database: str | None
    customers: Path | None
    column_map: Path | None
    generated: int | None
    seed: int

    def check(self) -> None:
        """Raise UsageError unless one source is named, a file with its map."""
        if sum(one is not None for one in (self.database, self.customers, self.generated)) != 1:
            raise click.UsageError("name the subscribers by one of --database, --customers or --generated")
        if (self.customers is None) != (self.column_map is None):
            raise click.UsageError("--customers and --map go together: a file is read through its column map")

    def open(self, before: "Side", after: "Side", progress: "Progress") -> "AbstractContextManager[CustomerBase]":
        from services.workbench.customer_base import database_base, file_base, generated_base

        if self.database is not None:
            return database_base(self.database)
        if self.customers is not None and self.column_map is not None:
            return file_base(self.customers, self.column_map, after.book.vocabulary, progress)
        vocabularies = [after.book.vocabulary, before.book.vocabulary]
        return generated_base(self.generated or 0, self.seed, vocabularies, progress)


@click.command()
@click.option("--against", required=True, help="对比的 git 版本或目录 · Git revision, or folder, to compare with")
@click.option("--database", help="customer_view 的数据库地址 · URL of customer_view's database; {service} is filled in")
@click.option("--customers", type=_FILE, help="用户文件 · A CSV or Parquet file of subscribers")
@click.option("--map", "column_map", type=_FILE, help="列映射 YAML · Its column map, see rules/column_maps")
@click.option("--generated", type=click.IntRange(1), help="生成用户数 · Generate so many subscribers")
@click.option("--seed", type=int, default=7, show_default=True, help="随机种子 · Seed of the generated ones")
@click.option("--on", type=click.DateTime(["%Y-%m-%d"]), help="判断日期，缺省今天 · Day of judgement; today")
@click.option(
    "--sample", type=click.IntRange(0, 100), default=5, show_default=True, help="样本编号数 · Sample ids shown"
)
@click.option("--ids", "show_ids", is_flag=True, help="显示完整编号 · Show sample ids whole; they are personal data")
@click.option(
    "--judged",
    type=click.IntRange(100, 1_000_000),
    default=20_000,
    show_default=True,
    help="触达估算抽样数 · Subscribers to estimate contacts by",
)
@click.option("--markdown", "as_markdown", is_flag=True, help="输出 Markdown · Print Markdown for a merge request")
@json_option
@language_option
@rules_folder_option
def plan(
    *,
    against: str,
    database: str | None,
    customers: Path | None,
    column_map: Path | None,
    generated: int | None,
    seed: int,
    on: datetime | None,
    sample: int,
    show_ids: bool,
    judged: int,
    as_markdown: bool,
    as_json: bool,
    lang: str,
    folder: Path,
) -> None:
    """预览变更影响 · Count whom the rules in --rules gain and lose compared with --against, and why.

    Subscribers come from customer_view's database, a file, or a generated province. Expected contacts are an estimate.
    Exit code 1 if a subscriber or a contact is affected, 0 if none is.
    """
    source = _Source(database, customers, column_map, generated, seed)
    source.check()
    if as_json and as_markdown:
        raise click.UsageError("--json or --markdown, not both")
    from services.workbench.rule_plan.planning import Wishes

    day = on.date() if on else datetime.now(_ZONE).date()
    report = _made(against, folder, day, source, Wishes(sample, show_ids, judged))
    if as_json:
        print_json(report)
    else:
        _tell(report, lang, as_markdown=as_markdown)
    raise SystemExit(int(bool(report.gained or report.lost or report.contacts)))


def _tell(report: "PlanReport", language: str, *, as_markdown: bool) -> None:
    if as_markdown:
        from services.workbench.rule_plan.markdown import as_markdown as written

        click.echo(written(report, language), nl=False)
    else:
        from services.workbench.rule_plan.showing import show

        show(report, language)


def _made(against: str, folder: Path, day: date, source: _Source, wishes: "Wishes") -> "PlanReport":
    from services.workbench.rule_plan.planning import make_plan
    from services.workbench.rule_plan.revisions import rules_at
    from services.workbench.rule_plan.sides import read_other_side, read_side

    after = read_side(folder, day)
    with rules_at(against, folder) as (room, label):
        before = read_other_side(room, day, label)
    with _progress(source.generated) as advance, source.open(before, after, advance) as base:
        return make_plan(base, (label, before), (str(folder), after), wishes)


@contextmanager
def _progress(total: int | None) -> "Iterator[Progress]":
    """Show on a terminal how many subscribers have been brought in."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("用户 subscribers", total=total)
        yield lambda count: bars.advance(task, count)
