"""`banyan sandbox send`: a synthetic BOSS on the bus."""

from datetime import UTC, datetime
from pathlib import Path

import click

from services.workbench.cli import bus
from services.workbench.cli.console import busy, json_option, print_json, print_table
from services.workbench.cli.rules.options import rules_folder_option
from services.workbench.cli.sandbox.options import Instant, Seconds, Share
from services.workbench.sandbox.records import KINDS, Kind


@click.command()
@click.argument("kind", type=click.Choice(KINDS))
@click.option("--count", type=click.IntRange(min=1), default=1_000, show_default=True, help="条数 · How many")
@click.option("--first", type=click.IntRange(min=1), default=1, show_default=True, help="起始用户 · First subscriber")
@click.option(
    "--rate", type=click.FloatRange(min=0), default=0, help="每秒条数，0 为不限 · Records a second; 0 is no bound"
)
@click.option(
    "--batch", type=click.IntRange(1, 5_000), default=500, show_default=True, help="每批条数 · Records a request"
)
@click.option(
    "--twice", type=Share(), flag_value=0.1, is_flag=False, default=0, help="重复占比 · Part told twice (10%)"
)
@click.option("--shuffle", is_flag=True, help="乱序 · Out of order")
@click.option("--malformed", type=Share(), default=0, help="错误占比 · Part that is malformed")
@click.option("--late", type=Seconds(), default=0, help="事件滞后至多 · Events lie up to so long back (6h)")
@click.option("--stream", is_flag=True, help="写入数据流 · To the stream that `banyan feeds follow` reads")
@click.option("--at", type=Instant(), help="事件时间基准 · Instant before which events lie (default: now)")
@click.option("--seed", type=int, default=1, show_default=True, help="随机种子 · The same seed is the same data")
@rules_folder_option
@json_option
@click.pass_context
def send(
    ctx: click.Context,
    kind: Kind,
    count: int,
    first: int,
    rate: float,
    batch: int,
    twice: float,
    malformed: float,
    late: float,
    at: datetime | None,
    seed: int,
    folder: Path,
    *,
    shuffle: bool,
    stream: bool,
    as_json: bool,
) -> None:
    """模拟 BOSS 发送合成数据 · Send synthetic customers, events or orders and tell what came of them.

    Exit code 1 if what was refused is not just what was malformed. Events and orders need their subscribers first.
    """
    from services.workbench.sandbox.disturbing import Trouble, disturbed
    from services.workbench.sandbox.records import records
    from services.workbench.sandbox.telling import Boss, FeedStream
    from shared.rulekit.reading.folder import load_rules

    trouble = Trouble(twice=twice, is_shuffled=shuffle, malformed=malformed, late_seconds=late, seed=seed)
    made = records(kind, count, seed, load_rules(folder), at or datetime.now(UTC), first=first)
    with bus.open_client() as client, busy(f"{kind} …"):
        told = Boss(FeedStream(client) if stream else client, kind, batch=batch, rate=rate).tell(
            disturbed(kind, made, trouble)
        )
    if as_json:
        print_json(told)
    else:
        figures = ("sent", "repeated", "malformed", "accepted", "refused", "requests", "asked_again", "seconds")
        print_table(figures, [[getattr(told, name) for name in figures]])
        if told.refused:
            print_table(["refused for", "records"], told.refused_by_field.items())
            click.echo("\n".join(told.first_faults))
    ctx.exit(0 if told.is_as_expected else 1)
