"""`banyan sandbox health`, `orders`, `messages` and `calls`."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.sandbox.options import url_option

Command = TypeVar("Command", bound=Callable[..., Any])
_COLUMNS = {
    "orders": ("system", "order_id", "customer_id", "offering_id", "state", "asked", "carried_out", "first_at"),
    "messages": ("id", "receiver", "text", "state", "asked", "receipt", "receipt_note"),
    "calls": ("number", "at", "system", "path", "items", "status", "behaviour"),
}


def _listing(command: Command) -> Command:
    kind = click.IntRange(1, 1_000)
    for option in (
        url_option,
        click.option("--only", default="", help="只看一个编号 · Only this id (of a call: its Idempotency-Key)"),
        click.option("--limit", type=kind, default=50, show_default=True, help="最多条数 · At most so many"),
        json_option,
    ):
        command = option(command)
    return command


@click.command()
@url_option
def health(url: str) -> None:
    """沙箱是否在线 · Exit with 0 if the sandbox answers, else with 1."""
    from services.workbench.sandbox.control import Control

    Control(url).health()
    click.echo(f"✓ {url}")


@click.command()
@_listing
def orders(url: str, only: str, limit: int, *, as_json: bool) -> None:
    """查看订单 · Show the newest orders: state, how often asked for, how often carried out."""
    _show("orders", url, only, limit, as_json=as_json)


@click.command()
@_listing
def messages(url: str, only: str, limit: int, *, as_json: bool) -> None:
    """查看短信 · Show the newest messages and what became of their receipts."""
    _show("messages", url, only, limit, as_json=as_json)


@click.command()
@_listing
def calls(url: str, only: str, limit: int, *, as_json: bool) -> None:
    """查看请求 · Show the newest requests, what was answered (0: cut) and what went wrong."""
    _show("calls", url, only, limit, as_json=as_json)


def _show(kind: str, url: str, only: str, limit: int, *, as_json: bool) -> None:
    from services.workbench.sandbox.control import Control

    rows = Control(url).rows(kind, only=only, limit=limit)
    if as_json:
        print_json(rows)
    else:
        print_table(_COLUMNS[kind], [[row[name] for name in _COLUMNS[kind]] for row in rows])
