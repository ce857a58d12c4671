"""What commands print: JSON for programs, tables for people."""

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import msgspec

# Piped into a file or a pager, a table keeps each row on one line.
_PIPED_WIDTH = 400

Command = TypeVar("Command", bound=Callable[..., Any])


def json_option(command: Command) -> Command:
    """Give a command `--json`."""
    return click.option("--json", "as_json", is_flag=True, help="输出 JSON · Print JSON for programs")(command)


def language_option(command: Command) -> Command:
    """Give a command `--lang`."""
    choice = click.Choice(["zh", "en"])
    return click.option("--lang", type=choice, default="zh", show_default=True, help="语言 · Language")(command)


def print_json(value: object) -> None:
    """Print a value as indented JSON; structs, dates and instants included."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print rows under headings, as wide as they are; None as a dash."""
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text("–" if cell is None else str(cell)) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = _PIPED_WIDTH
    console.print(table)


@contextmanager
def busy(words: str) -> Iterator[None]:
    """Show on a terminal, on standard error, that work is going on."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(words):
        yield


def percent(share: float | None) -> str | None:
    """Write a share with one decimal."""
    return None if share is None else f"{share:.1%}"


def yuan(fen: float | None) -> str | None:
    """Write an amount of fen in yuan."""
    return None if fen is None else f"{fen / 100:,.2f}"
