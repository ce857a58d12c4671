"""`banyan rules status`: which rule set every process runs."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, language_option, print_json, print_table
from services.workbench.cli.rules.options import rules_folder_option
from services.workbench.registry import CONTAINERS
from shared.kernel.environment import Environment

if TYPE_CHECKING:
    from services.workbench.rule_sets import RuleStatus


@click.command()
@rules_folder_option
@click.option(
    "--wait",
    type=click.FloatRange(min=0),
    default=None,
    metavar="S",
    help="最多等待 S 秒，直至全部进程运行此规则集 · Wait until all run this folder's (or the pinned) set",
)
@click.option(
    "--timeout", type=click.FloatRange(min=0.1), default=2.0, show_default=True, help="秒 · Seconds to answer"
)
@language_option
@json_option
def status(folder: Path, wait: float | None, timeout: float, lang: str, *, as_json: bool) -> None:
    """规则生效状态 · Ask every process which rule set it runs, and what it refused.

    Exit code 1 when processes run different sets, refused one, did not answer, or nobody is there.
    """
    from services.workbench.rule_sets import await_agreement, judge_roll, local_rules
    from shared.messaging.roll_call_asking import call_roll
    from shared.rulekit.in_force.archive import RuleArchive

    settings = bus.operator_settings()
    local = local_rules(folder)
    pin = RuleArchive(Environment(os.environ).rule_sets()).pin() if wait is not None else None
    expected = None if wait is None else pin.version if pin else local.version
    found = await_agreement(
        lambda: judge_roll(call_roll(settings, CONTAINERS, timeout), local, expected), wait if wait is not None else 0
    )
    if as_json:
        print_json(found)
    else:
        _print(found, lang)
    raise SystemExit(int(not found.is_well))


def _print(found: "RuleStatus", lang: str) -> None:
    in_words = {"folder": "folder", "pin": "pin", "archive": "kept set"}
    columns = ["container", "instance", "host", "pid", "since", "banyan", "rule set", "from", "stale s", "faults"]
    rows = [
        (
            one.container,
            one.instance,
            one.host,
            one.pid,
            f"{one.started_at.astimezone():%m-%d %H:%M:%S}",
            one.banyan,
            one.rule_set,
            in_words.get(one.origin or ""),
            round(one.stale_seconds) if one.fault_count else None,
            one.fault_count or None,
        )
        for one in found.processes
    ]
    print_table(columns, rows)
    for fault in dict.fromkeys(fault for one in found.processes for fault in one.faults):
        click.echo(fault)
    for problem in found.problems:
        click.echo(f"✗ {problem.in_language(lang)}")
    if found.absent:
        click.echo(("未运行：" if lang == "zh" else "not running: ") + ", ".join(found.absent))
    here = found.local.version or ("有错误" if lang == "zh" else f"{len(found.local.faults)} faults")
    click.echo(f"{'本目录' if lang == 'zh' else 'folder here'}: {found.local.folder}: {here}")
    for fault in found.local.faults:
        click.echo(f"  {fault}")
