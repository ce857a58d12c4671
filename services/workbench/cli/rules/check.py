"""`banyan rules check`: every mistake in the rule files, and what looks like one."""

from datetime import datetime
from pathlib import Path
from typing import cast

import click

from services.workbench.cli.console import busy, json_option, language_option, print_json
from services.workbench.cli.rules.options import rules_folder_option
from shared.rulekit.analysis.codes import SEVERITIES, Severity


@click.command()
@click.argument("path", required=False, type=click.Path(exists=True, path_type=Path))
@rules_folder_option
@click.option(
    "--severity",
    type=click.Choice(SEVERITIES),
    default="warning",
    show_default=True,
    help="最低级别 · Least severity that is shown and counts; notes never fail",
)
@click.option(
    "--on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="判断日期 · Day of judgement for spans and valid_for; default: today",
)
@click.option("--explain", metavar="CODE", help="解释代码 · Say what a code means and what to do; `all` lists them")
@click.option("--sarif", "as_sarif", is_flag=True, help="输出 SARIF · Print SARIF 2.1.0 for code hosts and editors")
@json_option
@language_option
def check(
    path: Path | None,
    folder: Path,
    *,
    severity: str,
    on: datetime | None,
    explain: str | None,
    as_sarif: bool,
    as_json: bool,
    lang: str,
) -> None:
    """检查规则 · Find every mistake in rules, cases, offerings, plans and column maps, and what looks like one.

    PATH is a folder of rules, or a file or folder in one: all is read, and what is wrong there is shown. Exit code 0:
    clean; 1: errors or warnings; 2: asked wrongly. Accepted findings stand in check.yaml beside the vocabulary.
    """
    from services.workbench.rule_check.checks import check_rules
    from services.workbench.rule_check.explanation import codes_named, explanation_of
    from services.workbench.rule_check.sarif import sarif_of
    from services.workbench.rule_check.target import folder_of, inside
    from services.workbench.rule_check.telling import as_plain, lines_of
    from shared.kernel.clock import SystemClock

    if explain is not None:
        if as_json:
            print_json(codes_named(explain))
        else:
            click.echo(explanation_of(explain, lang))
        return
    if as_sarif and as_json:
        raise click.UsageError("--sarif and --json are two forms of one report: ask for one")
    root = folder if path is None else folder_of(path, folder)
    if root is None:
        raise click.UsageError(f"{path} lies in no folder of rules (one with vocabulary.yaml)")
    with busy("检查规则 checking rules"):
        report = check_rules(root, (on or SystemClock().now()).date())
    if path is not None:
        report = report.within(inside(path, root))
    report = report.at_least(cast(Severity, severity))
    if as_sarif:
        print_json(sarif_of(report, Path.cwd(), lang))
    elif as_json:
        print_json(as_plain(report))
    else:
        for words, colour in lines_of(report, lang):
            click.secho(words, fg=colour)
    raise SystemExit(int(not report.is_clean))
