"""Options that several commands of `banyan governance` share."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from shared.contracts.wire import CHANNELS, LIST_NAMES

Command = TypeVar("Command", bound=Callable[..., Any])

list_argument = click.argument("list_name", metavar="LIST", type=click.Choice(LIST_NAMES))
author_option = click.option("--author", required=True, help="操作人 · Who does it")
reason_option = click.option("--reason", required=True, help="原因 · Why")


class Moment(click.ParamType[datetime]):
    """A moment as ISO 8601 with its UTC offset."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - click's signature
        """Read the text; fails as a usage error."""
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no date and time as in 2026-03-02T09:00+08:00", param, ctx)
        if moment.tzinfo is None:
            self.fail(f"{value!r} has no UTC offset, as in 2026-03-02T09:00+08:00", param, ctx)
        return moment


def scope_options(command: Command) -> Command:
    """Give a command `--from`, `--channel` and `--category`."""
    for option in (
        click.option("--category", help="仅限该品类 · For this category alone"),
        click.option("--channel", type=click.Choice(CHANNELS), help="仅限该渠道 · For this channel alone"),
        click.option("--from", "starts_at", type=Moment(), help="起始时间 · When it begins; at once if left out"),
    ):
        command = option(command)
    return command
