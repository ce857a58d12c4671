"""`banyan rules fmt`: rule files in their canonical form."""

from dataclasses import dataclass
from pathlib import Path

import click

from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option


@dataclass(frozen=True, slots=True)
class _Words:
    """What is said in one language."""

    to_do: str
    done: str
    left_alone: str
    many_to_do: str
    many_done: str
    total: str


_WORDS = {
    "zh": _Words(
        "格式待统一",
        "已统一格式",
        "未改动",
        "{changed}个待统一",
        "{changed}个已统一",
        "{files}个文件：{total}，{faults}个错误",
    ),
    "en": _Words(
        "not in canonical form",
        "formatted",
        "left alone",
        "{changed} to format",
        "{changed} formatted",
        "{files} files, {total}, {faults} faults",
    ),
}


@click.command()
@click.argument("path", required=False, type=click.Path(path_type=Path))
@rules_folder_option
@click.option("--check", is_flag=True, help="只检查 · Write nothing; exit code 1 when a file is not in canonical form")
@click.option("--diff", is_flag=True, help="显示差异 · Show what changes")
@json_option
@language_option
def fmt(path: Path | None, folder: Path, *, check: bool, diff: bool, as_json: bool, lang: str) -> None:
    """统一规则文件格式 · Write rule.yaml and cases.yaml under PATH in canonical form; comments stay, versions too.

    Faulty files are left alone and told. Exit code 1 when there are faulty files, or with --check files to change.
    """
    from services.workbench.rule_fmt import format_rules
    from services.workbench.rule_selection import select_rules

    report = format_rules(select_rules(path or folder), write=not check)
    words = _WORDS[lang]
    if as_json:
        print_json(report)
    else:
        for changed, text in zip(report.changed, report.diffs, strict=True):
            click.echo(text if diff else f"{changed}: {words.to_do if check else words.done}")
        for fault in report.faults:
            click.echo(f"{fault}: {words.left_alone}")
        what = words.many_to_do if check else words.many_done
        total = what.format(changed=len(report.changed))
        click.echo(words.total.format(files=report.files, total=total, faults=len(report.faults)))
    raise SystemExit(int(bool(report.faults) or (check and bool(report.changed))))
