"""Options and kinds of values that several commands of `banyan sandbox` share."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    _Number = click.ParamType[float]
    _Instant = click.ParamType[datetime]
else:  # generic since click 8.3 only
    _Number = _Instant = click.ParamType
Command = TypeVar("Command", bound=Callable[..., Any])


def url_option(command: Command) -> Command:
    """Give a command `--url`, where the sandbox answers."""
    return click.option(
        "--url",
        envvar="BANYAN_SANDBOX_URL",
        default="http://127.0.0.1:8070",
        show_default=True,
        help="沙箱地址 · Where the sandbox answers",
    )(command)


class Share(_Number):
    """A share: `20%`, or `0.2`."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's
        """Return a number from 0 to 1."""
        text = str(value)
        share = _number(text.removesuffix("%"), 100 if text.endswith("%") else 1)
        if share is None or not 0 <= share <= 1:
            self.fail(f"{text!r} is no share; write 20% or 0.2", param, ctx)
        return share


class Seconds(_Number):
    """A span: `3s`, `250ms`, `5m`, `6h`, or seconds as a number."""

    name = "span"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:  # noqa: ANN401 - click's
        """Return seconds."""
        text = str(value)
        for unit, factor in (("ms", 0.001), ("s", 1), ("m", 60), ("h", 3600)):
            if text.endswith(unit):
                seconds = _number(text.removesuffix(unit), 1 / factor)
                break
        else:
            seconds = _number(text, 1)
        if seconds is None or not 0 <= seconds < float("inf"):
            self.fail(f"{text!r} is no span; write 3s, 250ms, 5m or 6h", param, ctx)
        return seconds


class Instant(_Instant):
    """An instant: ISO 8601 with a UTC offset."""

    name = "instant"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:  # noqa: ANN401 - click's
        """Return the instant."""
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError as fault:
            self.fail(str(fault), param, ctx)
        if instant.tzinfo is None:
            self.fail(f"{value!r} has no UTC offset; write 2026-03-02T10:00:00+08:00", param, ctx)
        return instant


def _number(text: str, divisor: float) -> float | None:
    try:
        return float(text) / divisor
    except ValueError:
        return None
