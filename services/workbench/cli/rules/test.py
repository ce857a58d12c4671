"""`banyan rules test`: whether the rules do what their cases say."""

from collections import Counter
from pathlib import Path

import click

from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.rules.options import rules_folder_option


@click.command()
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
