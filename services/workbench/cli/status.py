"""`banyan status`: is everything well, and if not, what next."""

import os
import time

import click
import msgspec

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, language_option, print_json
from services.workbench.registry import containers_of


@click.command()
@click.argument("names", nargs=-1, metavar="[SERVICE]…")
@click.option("--timeout", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="秒 · Seconds to wait")
@click.option(
    "--watch",
    type=click.FloatRange(min=0.5),
    metavar="S",
    help="每 S 秒再看一次，直至 Ctrl-C · Look again every S seconds",
)
@language_option
@json_option
@click.pass_context
def status(
    ctx: click.Context, names: tuple[str, ...], timeout: float, watch: float | None, lang: str, *, as_json: bool
) -> None:
    """查看服务状态 · Look at services, replicas, queues, dead letters, outboxes, databases and rule sets.

    With SERVICE… it only asks these whether they are well, which is quick. BANYAN_RABBITMQ_API names RabbitMQ's
    management; without it queues are asked for over AMQP. Exit code 1 when something is ill: what, and what to do
    next, is told.
    """
    containers = containers_of(names)
    is_well = False
    try:
        while True:
            if watch and not as_json:
                click.clear()
            is_well = (
                _ping(containers, timeout, lang, as_json=as_json) if names else _survey(timeout, lang, as_json=as_json)
            )
            if not watch:
                break
            time.sleep(watch)
    except KeyboardInterrupt:
        pass
    ctx.exit(0 if is_well else 1)


def _ping(containers: list[str], timeout: float, lang: str, *, as_json: bool) -> bool:
    from services.workbench.cli.status_survey import ping_all

    answers = ping_all(containers, timeout)
    if as_json:
        print_json(answers)
    else:
        from services.workbench.cli.status_table import answers_table, console_for_tables

        console_for_tables().print(answers_table(answers, lang=lang))
    return all(one.is_well for one in answers)


def _survey(timeout: float, lang: str, *, as_json: bool) -> bool:
    from services.workbench.cli.bus_queues import API
    from services.workbench.cli.status_findings import findings_of
    from services.workbench.cli.status_survey import survey

    seen = survey(bus.operator_settings(), timeout, os.environ.get(API))
    findings = findings_of(seen)
    if as_json:
        print_json({"is_well": not findings, **msgspec.structs.asdict(seen), "findings": findings})
    else:
        from services.workbench.cli.status_table import console_for_tables, picture

        console_for_tables().print(picture(seen, findings, lang))
    return not findings
