"""`banyan rules`: whether the rule files are sound, and whether they do what their cases say."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from services.workbench.cli.console import json_option, print_json, print_table

Command = TypeVar("Command", bound=Callable[..., Any])


def rules_folder_option(command: Command) -> Command:
    """Give a command `--rules`, the folder of rules."""
    return click.option(
        "--rules",
        "folder",
        type=click.Path(file_okay=False, path_type=Path),
        envvar="BANYAN_RULES_DIR",
        default=Path("rules"),
        show_default=True,
        help="规则目录 · Folder of rules",
    )(command)


@click.group()
def rules() -> None:
    """检查与测试规则 · Check and test the rule files."""


@rules.command()
@rules_folder_option
@json_option
def check(folder: Path, *, as_json: bool) -> None:
    """检查规则是否可用 · Read every rule, plan and offering; list every mistake with file, line and column."""
    from services.workbench.rule_checks import check_rules  # noqa: PLC0415 - YAML and the rule readers

    report = check_rules(folder)
    if as_json:
        print_json(report)
    elif report.is_sound:
        counts = ", ".join(f"{count} {kind}" for kind, count in report.counts.items())
        click.echo(f"rules are sound: {counts}; rule set {report.rule_set}")
    else:
        for fault in report.faults:
            click.echo(str(fault))
        click.echo(f"{len(report.faults)} mistakes; the language is in docs/rules.md")
    raise SystemExit(int(not report.is_sound))


@rules.command()
@rules_folder_option
@json_option
def test(folder: Path, *, as_json: bool) -> None:
    """执行规则用例 · Run every rule's cases on every executor it has; list the cases that do not hold."""
    from services.workbench.rule_checks import run_cases  # noqa: PLC0415 - the executors

    results = run_cases(folder)
    failed = [result for result in results if not result.ok]
    if as_json:
        print_json({"run": len(results), "failed": failed})
    else:
        for result in failed:
            place = f"{result.place.path}:{result.place.line}"
            click.echo(f"{place}: {result.rule_id}: {result.title}: on {result.executor}: {result.message}")
        print_table(["executor", "cases"], sorted(Counter(result.executor for result in results).items()))
        click.echo(f"{len(results) - len(failed)} as expected, {len(failed)} not")
    raise SystemExit(int(bool(failed)))
