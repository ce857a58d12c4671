"""`banyan rules check`: whether the rule files are sound."""

from pathlib import Path

import click

from services.workbench.cli.console import json_option, print_json
from services.workbench.cli.rules.options import rules_folder_option


@click.command()
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
