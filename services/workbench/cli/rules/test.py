"""`banyan rules test`: whether the rules do what their cases say, and whether the cases look at all of them."""

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli.console import json_option, language_option, print_json, print_table
from services.workbench.cli.rules.options import rules_folder_option

if TYPE_CHECKING:
    from services.workbench.rule_test.running import CaseReport

_SHARE = click.FloatRange(0, 1)
_FILE = click.Path(dir_okay=False, path_type=Path)


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@rules_folder_option
@click.option(
    "--coverage",
    "threshold",
    type=_SHARE,
    default=0.0,
    show_default=True,
    help="覆盖率下限 · Least share of leaf tests and answers that cases must see true and false",
)
@click.option("--database", help="PostgreSQL 地址 · Run SQL on this database instead of SQLite (a temporary table)")
@click.option("--junit", type=_FILE, help="JUnit 结果文件 · Also write the results as JUnit XML")
@json_option
@language_option
def test(  # noqa: PLR0913, RUF100 - one argument for each option
    path: Path | None,
    folder: Path,
    *,
    threshold: float,
    database: str | None,
    junit: Path | None,
    as_json: bool,
    lang: str,
) -> None:
    """执行规则用例 · Run the cases of the rules under PATH on every executor; list those that do not hold.

    PATH is a folder of rules, one kind in it, one rule, or a rule's file; without it the whole folder of rules. Exit
    code 1 when a case does not come out as expected, or the cases cover less than --coverage.
    """
    from services.workbench.rule_eval.evaluating import open_engine
    from services.workbench.rule_selection import select_rules
    from services.workbench.rule_test.junit import write_junit
    from services.workbench.rule_test.running import run_cases

    selection = select_rules(path or folder)
    with open_engine(database) as engine, _progress() as progress:
        report = run_cases(selection, engine, progress)
    if junit:
        write_junit(report, junit, threshold)
    if as_json:
        told = {"rule_set": report.rule_set, "cases": report.cases, "run": len(report.results), "failed": report.failed}
        coverage = {"share": report.share, "threshold": threshold, "rules": report.coverage}
        print_json({**told, "coverage": coverage})
    else:
        _print(report, threshold, _WORDS[lang])
    raise SystemExit(int(bool(report.failed) or report.share < threshold))


@dataclass(frozen=True, slots=True)
class _Words:
    """What the report says in one language; what a case expected and got is told as the cases write it."""

    on: str
    executors: list[str]
    uncovered: list[str]
    done: str
    too_little: str


_WORDS = {
    "zh": _Words(
        on="执行器 {executor}",
        executors=["执行器", "用例"],
        uncovered=["规则", "条件", "位置", "曾为真", "曾为假"],
        done="{well}个用例符合预期，{failed}个不符；覆盖率{share:.1%}",
        too_little="覆盖率低于{threshold:.1%}：请补充用例，使上列条件真假各出现一次",
    ),
    "en": _Words(
        on="on {executor}",
        executors=["executor", "cases"],
        uncovered=["rule", "test", "at", "seen true", "seen false"],
        done="{well} as expected, {failed} not; {share:.1%} covered",
        too_little="coverage is below {threshold:.1%}: add cases that see the tests above true and false",
    ),
}


def _print(report: "CaseReport", threshold: float, words: _Words) -> None:
    for result in report.failed:
        place = f"{result.place.path}:{result.place.line}:{result.place.column}"
        on = words.on.format(executor=result.executor)
        click.echo(f"{place}: {result.rule_id}: {result.title}: {on}: {result.message}")
    print_table(words.executors, sorted(Counter(result.executor for result in report.results).items()))
    if report.uncovered:
        rows = [
            (one.rule_id, one.text, f"{one.place.path}:{one.place.line}", _tick(one.seen_true), _tick(one.seen_false))
            for one in report.uncovered
        ]
        print_table(words.uncovered, rows)
    failed = len(report.failed)
    click.echo(words.done.format(well=len(report.results) - failed, failed=failed, share=report.share))
    if report.share < threshold:
        click.echo(words.too_little.format(threshold=threshold))


def _tick(is_seen: bool) -> str:
    return "✓" if is_seen else "✗"


@contextmanager
def _progress() -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal how many cases are left."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("用例 cases", total=None)
        yield lambda begun, of: bar.update(task, completed=begun, total=of)
