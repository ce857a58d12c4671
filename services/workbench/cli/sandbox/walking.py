"""`banyan sandbox walk`: one order from the counter to CRM and ISMP."""

import secrets
import time
from datetime import datetime

import click

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, print_json
from services.workbench.cli.sandbox.options import Seconds, url_option


@click.command()
@click.option(
    "--patience", type=Seconds(), default=60, show_default=True, help="每步最多等待 · How long each step may wait"
)
@click.option(
    "--on", type=click.DateTime(["%Y-%m-%d"]), help="服务时钟所在日 · Day of a steered clock (default: today)"
)
@url_option
@json_option
@click.pass_context
def walk(ctx: click.Context, patience: float, on: datetime | None, url: str, *, as_json: bool) -> None:
    """端到端走通一单 · Send subscribers, recommend, accept, and watch the order arrive in CRM and ISMP.

    Needs campaigns with BANYAN_FULFILMENT=http pointed at a running sandbox, and the operator's user of the bus. It
    makes a campaign of its own, for synthetic subscribers of its own, by visit only, and stops it afterwards. Exit
    code 0 if every step went well, else 1.
    """
    from services.workbench.sandbox.control import Control
    from services.workbench.sandbox.walk import Walk

    run = f"{int(time.time()):x}{secrets.token_hex(2)}"
    steps = []
    with bus.open_client() as client:
        for step in Walk(client, Control(url), run, patience=patience, on=on.date() if on else None).steps():
            steps.append(step)
            if not as_json:
                click.echo(f"{'✗✓'[step.is_well]} {step.step}: {step.seen}")
                if step.advice:
                    click.echo(f"  → {step.advice}")
    if as_json:
        print_json({"run": run, "is_well": all(step.is_well for step in steps), "steps": steps})
    ctx.exit(0 if all(step.is_well for step in steps) else 1)
