"""`banyan dead-letters`: messages that no attempt could handle, parked beside the queue they failed in."""

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, print_json, print_table

_SHOWN = 2_000
Command = TypeVar("Command", bound=Callable[..., Any])


def limit_option(default: int) -> Callable[[Command], Command]:
    """Give a command `--limit`."""
    kind = click.IntRange(min=1)
    return click.option("--limit", type=kind, default=default, show_default=True, help="最多条数 · At most so many")


@click.group("dead-letters")
def dead_letters() -> None:
    """处理死信 · Look at parked messages, replay or drop them."""


@dead_letters.command("list")
@json_option
def list_letters(*, as_json: bool) -> None:
    """列出有死信的队列 · List the queues that have parked messages, with how many.

    Of services and of the integrators in docker/rabbitmq/integrators.yaml (BANYAN_INTEGRATORS); where
    BANYAN_RABBITMQ_API names RabbitMQ's management, of everybody.
    """
    from services.workbench.cli import bus_queues

    counts = bus_queues.parked(bus.operator_settings(), os.environ.get(bus_queues.API))
    if as_json:
        print_json(counts)
    elif counts:
        print_table(["queue", "parked"], sorted(counts.items()))
    else:
        click.echo("nothing is parked")


@dead_letters.command()
@click.argument("queue")
@limit_option(20)
@json_option
def show(queue: str, limit: int, *, as_json: bool) -> None:
    """查看死信 · Show the oldest parked messages of QUEUE and leave them there; --json has all of long ones."""
    from shared.messaging import dead_letters as letters

    found = letters.show(bus.operator_settings().amqp_url, queue, limit)
    if as_json:
        print_json(found)
        return
    for letter in found:
        click.echo(
            f"{_legible(letter.message_id) or '–'} · after {letter.attempts} attempts · {_legible(letter.error)}"
        )
        click.echo(f"  {_legible(letter.body)}")
    click.echo(f"{len(found)} shown")


@dead_letters.command()
@click.argument("queue")
@limit_option(1000)
def replay(queue: str, limit: int) -> None:
    """重投死信 · Send parked events back to QUEUE, with a fresh count of attempts. Requests are not replayed."""
    from shared.messaging import dead_letters as letters

    click.echo(f"{letters.replay(bus.operator_settings().amqp_url, queue, limit)} sent back to {queue}")


@dead_letters.command()
@click.argument("queue")
@limit_option(1000)
@click.confirmation_option("--yes", prompt="They will be gone for good. Drop them?", help="不再询问 · Do not ask")
def drop(queue: str, limit: int) -> None:
    """丢弃死信 · Delete the oldest parked messages of QUEUE."""
    from shared.messaging import dead_letters as letters

    click.echo(f"{letters.drop(bus.operator_settings().amqp_url, queue, limit)} dropped from {queue}")


def _legible(text: str) -> str:
    """Return the beginning of what a stranger wrote, without what would steer the reader's terminal."""
    shown = "".join(one if one.isprintable() else repr(one)[1:-1] for one in text[:_SHOWN])
    return shown if len(text) <= _SHOWN else f"{shown}… ({len(text):,} characters, --json has all)"
