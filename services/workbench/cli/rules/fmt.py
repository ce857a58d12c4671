"""`banyan rules fmt`: rule files in their canonical form."""

from pathlib import Path

import click

from services.workbench.cli.console import json_option, print_json
from services.workbench.cli.rules.options import rules_folder_option


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@rules_folder_option
@click.option("--check", is_flag=True, help="只检查 · Write nothing; exit code 1 when a file is not in canonical form")
@click.option("--diff", is_flag=True, help="显示差异 · Show what changes")
@json_option
def fmt(path: Path | None, folder: Path, *, check: bool, diff: bool, as_json: bool) -> None:
    """统一规则文件格式 · Write rule.yaml and cases.yaml under PATH in canonical form; comments stay, versions too.

    Faulty files are left alone and told. Exit code 1 when there are faulty files, or with --check files to change.
    """
    from services.workbench.rule_fmt import format_rules
    from services.workbench.rule_selection import select_rules

    report = format_rules(select_rules(path or folder), write=not check)
    if as_json:
        print_json(report)
    else:
        for changed, text in zip(report.changed, report.diffs, strict=True):
            click.echo(text if diff else f"{changed}: {'not in canonical form' if check else 'formatted'}")
        for fault in report.faults:
            click.echo(f"{fault}: left alone")
        done = "to format" if check else "formatted"
        click.echo(f"{report.files} files, {len(report.changed)} {done}, {len(report.faults)} faults")
    raise SystemExit(int(bool(report.faults) or (check and bool(report.changed))))
