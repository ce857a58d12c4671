"""`banyan status`: whether every container answers."""

import time
from datetime import UTC, datetime

import click
import msgspec

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.registry import containers_of
from shared.kernel.faults import Fault


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """What one container said, or why it said nothing; times in milliseconds and seconds."""

    container: str
    is_well: bool
    answered_in_ms: float | None = None
    clock_skew_s: float | None = None
    rule_set: str | None = None
    fault: str | None = None


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]…")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="秒 · Seconds to wait")
@json_option
@click.pass_context
def status(ctx: click.Context, names: tuple[str, ...], timeout: float, *, as_json: bool) -> None:
    """查看服务状态 · Ask the services (all of them if none is named) whether they are well.

    Exit code 1 if one does not answer; containers use it as their health check.
    """
    containers = containers_of(names)
    with bus.open_client() as client:
        answers = [ping(client, container, timeout) for container in containers]
    if as_json:
        print_json(answers)
    else:
        print_table(
            ["container", "", "ms", "rules", ""],
            [(one.container, "✗✓"[one.is_well], one.answered_in_ms, one.rule_set, one.fault) for one in answers],
        )
    ctx.exit(0 if all(one.is_well for one in answers) else 1)


def ping(client: bus.Client, container: str, timeout: float) -> Answer:
    """Ask one container; a fault is an answer, too."""
    asked = time.perf_counter()
    try:
        health = client.call(container, "ping", timeout=timeout)
    except Fault as fault:
        return Answer(container=container, is_well=False, fault=f"{fault.code}: {fault.message}")
    skew = datetime.fromisoformat(health["time"]) - datetime.now(UTC)
    return Answer(
        container=container,
        is_well=True,
        answered_in_ms=round((time.perf_counter() - asked) * 1000, 1),
        clock_skew_s=round(skew.total_seconds(), 3),
        rule_set=health.get("rule_set"),
    )
