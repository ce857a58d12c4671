"""`banyan sandbox behave`, `flush` and `forget`."""

from typing import Any

import click

from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.sandbox.options import Seconds, Share, url_option
from services.workbench.sandbox.behaviour import FAILURES, SYSTEMS


@click.command()
@click.argument("system", type=click.Choice([*SYSTEMS, "all"]))
@click.option("--late", type=Seconds(), help="应答延迟 · Answers come so late (3s, 250ms)")
@click.option("--late-share", type=Share(), help="延迟占比 · Part of the answers that is late")
@click.option("--fail", type=Share(), help="失败占比 · Part of the requests that fails")
@click.option(
    "--failure", "failures", type=click.Choice(FAILURES), multiple=True, help="失败方式，可重复 · How; may be repeated"
)
@click.option("--partial", type=Share(), help="漏答占比 · Part of the orders left out of an answer")
@click.option("--refuse", type=Share(), help="拒绝占比 · Part of the orders refused for good")
@click.option("--refuse-cancellations", type=Share(), help="拒绝撤单占比 · Part of the cancellations refused")
@click.option("--twice", type=Share(), help="重复占比 · Part of the requests carried out again later")
@click.option("--reorder", type=Share(), flag_value=0.3, is_flag=False, help="乱序占比 · Part put aside (default 30%)")
@click.option("--receipt-after", type=Seconds(), help="回执延迟 · From a message to its receipt")
@click.option("--receipt-lost", type=Share(), help="回执丢失占比 · Part of the receipts that is lost")
@click.option("--receipt-twice", type=Share(), help="回执重复占比 · Part of the receipts told twice")
@click.option("--unreachable", type=Share(), help="不可达占比 · Part of the handsets not reached")
@click.option("--seed", type=int, help="随机种子 · The same seed is the same trouble")
@url_option
@json_option
def behave(system: str, url: str, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - one for each field
    """设定系统行为；不带选项即恢复正常 · Let SYSTEM behave so from now on; without options, without fault."""
    import msgspec

    from services.workbench.sandbox.behaviour import Behaviour
    from services.workbench.sandbox.control import Control

    given = {name: value for name, value in asked.items() if value is not None and value != ()}
    try:
        behaviour = msgspec.convert(given, Behaviour)
    except msgspec.ValidationError as fault:
        raise click.UsageError(str(fault)) from None
    control = Control(url)
    for each in (one for one in SYSTEMS if system in (one, "all")):
        control.behave(each, behaviour)
    state = control.state().behaviours
    if as_json:
        print_json(state)
        return
    usual = msgspec.to_builtins(Behaviour())
    rows = []
    for name, told in state.items():
        odd = [f"{field}={value}" for field, value in msgspec.to_builtins(told).items() if value != usual[field]]
        rows.append((name, ", ".join(odd) or "正常 · without fault"))
    print_table(["system", "behaviour"], rows)


@click.command()
@url_option
def flush(url: str) -> None:
    """执行搁置的请求 · Carry out now what was put aside or repeated."""
    from services.workbench.sandbox.control import Control

    click.echo(f"{Control(url).flush()} requests carried out")


@click.command()
@url_option
@click.confirmation_option("--yes", prompt="The sandbox will forget everything. Sure?", help="不再询问 · Do not ask")
def forget(url: str) -> None:
    """清空沙箱 · Forget orders, messages, calls and behaviours."""
    from services.workbench.sandbox.control import Control

    Control(url).forget()
    click.echo("forgotten")
