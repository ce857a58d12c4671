"""`banyan governance list`: who must be left alone; files of entries in and out."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.governance.options import (
    Moment,
    author_option,
    list_argument,
    reason_option,
    scope_options,
)
from shared.contracts.governance import ListEntry, ListPage
from shared.contracts.wire import BULK_LIMIT, RowFault

if TYPE_CHECKING:
    from shared.contracts.governance import ListedEntry

_SHOWN = 12
_PATIENCE = 120.0  # seconds; a page of BULK_LIMIT entries takes about one
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group("list")
def lists() -> None:
    """名单 · Keep the lists: who must be left alone, by whose word, from when until when.

    LIST is black, grey, red, special_card or opt_out.
    """


@lists.command("import")
@list_argument
@click.argument("file", type=_FILE)
@click.option("--rejects", type=click.Path(path_type=Path), help="拒收明细 CSV · Where to write refused rows")
@click.option("--dry-run", is_flag=True, help="只检查文件 · Read the file and put nothing")
@json_option
def import_file(list_name: str, file: Path, rejects: Path | None, *, dry_run: bool, as_json: bool) -> None:
    """导入 CSV 名单 · Put the subscribers of FILE on LIST; the same file again leaves it so.

    FILE is CSV in UTF-8 or GB18030 with a header: customer_id, reason, source, author and, if wanted, starts_at,
    ends_at (ISO 8601 with UTC offset), channel, category. Good rows are put, bad ones told by line and column and
    written to FILE.rejects.csv unless --rejects names another. Exit code 1 if a row was refused or the file broke off.
    """
    from services.workbench.list_files import import_list

    shown: list[RowFault] = []
    refused_to = rejects or file.with_name(f"{file.name}.rejects.csv")
    with ExitStack() as stack:
        client = None if dry_run else stack.enter_context(bus.open_client())
        write = _rejecting(stack, refused_to)

        def put(entries: list[ListEntry]) -> None:
            if client is not None:
                client.call("governance_bulk", "list_put", timeout=_PATIENCE, list=list_name, entries=entries)

        def note(fault: RowFault) -> None:
            if len(shown) < _SHOWN:
                shown.append(fault)
            write(fault)

        advance = stack.enter_context(_progress())
        report = import_list(file, put, on_fault=note, advance=advance)
    figures = {
        "rows": report.rows,
        "put": 0 if dry_run else report.put,
        "refused": report.refused,
        "would_be_put": report.put if dry_run else None,
        "first_faults": shown,
        "rejects": str(refused_to) if report.refused else None,
        "incomplete": report.incomplete.message if report.incomplete else None,
    }
    print_json(figures) if as_json else _print(figures)
    raise SystemExit(int(bool(report.refused or report.incomplete)))


@lists.command()
@list_argument
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@json_option
def export(list_name: str, file: Path | None, *, as_json: bool) -> None:
    """导出 CSV 名单 · Write LIST to FILE, or to standard output, as `import` reads it.

    Texts are written as they were given, so that they can be read again: open FILE in a spreadsheet as text only, or a
    reason that begins with = may be taken for a formula.
    """
    from services.workbench.list_files import entries_of, write_entries

    if file is None and as_json:
        raise click.UsageError("--json tells how many were written to FILE: name one")
    with bus.open_client() as client:
        entries = entries_of(partial(_page, client, list_name))
        if file is None:
            write_entries(entries, sys.stdout)
            return
        unfinished = file.with_name(f"{file.name}.part")  # a file of that name is whole
        try:
            with unfinished.open("w", encoding="utf-8", newline="") as target, _progress() as advance:
                count = write_entries(_counted(entries, advance), target)
            unfinished.replace(file)
        finally:
            unfinished.unlink(missing_ok=True)
    if as_json:
        print_json({"list": list_name, "entries": count, "file": str(file)})
    else:
        click.echo(f"已导出 {count} · {count} written to {file}")


@lists.command()
@list_argument
@click.option("--customer", "customer_id", help="仅该客户 · The entries of this subscriber alone")
@click.option("--limit", type=click.IntRange(1, BULK_LIMIT), default=50, show_default=True, help="最多条数 · At most")
@json_option
def show(list_name: str, customer_id: str | None, limit: int, *, as_json: bool) -> None:
    """查看名单 · Show the first entries of LIST, in order of customer id."""
    page = bus.ask(
        ListPage, "governance_bulk", "list_read", list=list_name, after="", limit=limit, customer_id=customer_id
    )
    if as_json:
        print_json(page)
        return
    print_table(
        ["customer", "channel", "category", "from", "until", "reason", "source", "author", "put"],
        [
            (
                *(one.customer_id, one.channel, one.category, _moment(one.starts_at), _moment(one.ends_at)),
                *(one.reason, one.source, one.author, _moment(one.put_at)),
            )
            for one in page.entries
        ],
    )
    if page.next is not None:
        click.echo("还有更多：`banyan governance list export` · there are more: `banyan governance list export`")


@lists.command()
@list_argument
@click.argument("customer_ids", metavar="CUSTOMER_ID...", nargs=-1, required=True)
@reason_option
@click.option("--source", default="banyan", show_default=True, help="来源 · Where it comes from")
@author_option
@click.option("--until", "ends_at", type=Moment(), help="截止时间 · When it ends; never if left out")
@scope_options
@json_option
def put(*, list_name: str, customer_ids: tuple[str, ...], as_json: bool, **entry: str | datetime | None) -> None:
    """加入名单 · Put subscribers on LIST; again: replace the entry for that channel and category."""
    entries = [msgspec.convert({"customer_id": one, **entry}, ListEntry) for one in customer_ids]
    count = bus.ask(int, "governance", "list_put", list=list_name, entries=entries)
    print_json({"list": list_name, "put": count}) if as_json else click.echo(f"已加入 {count} · {count} put")


@lists.command()
@list_argument
@click.argument("customer_ids", metavar="CUSTOMER_ID...", nargs=-1, required=True)
@reason_option
@author_option
@json_option
def remove(list_name: str, customer_ids: tuple[str, ...], reason: str, author: str, *, as_json: bool) -> None:
    """移出名单 · Take subscribers off LIST, with all their entries there."""
    wanted = list(dict.fromkeys(customer_ids))
    count = bus.ask(int, "governance", "list_remove", list=list_name, customer_ids=wanted, author=author, reason=reason)
    if as_json:
        print_json({"list": list_name, "removed": count})
    else:
        click.echo(
            f"已移出 {count}，不在名单 {len(wanted) - count} · {count} removed, {len(wanted) - count} were not on it"
        )


def _page(client: bus.Client, list_name: str, after: str) -> "tuple[list[ListedEntry], str | None]":
    answer = client.call(
        "governance_bulk", "list_read", timeout=_PATIENCE, list=list_name, after=after, limit=BULK_LIMIT
    )
    page = msgspec.convert(answer, ListPage)
    return page.entries, page.next


def _rejecting(stack: ExitStack, path: Path) -> Callable[[RowFault], None]:
    """Return where to write refused rows; the file is made with the first one."""
    from services.customer_view.adapters.reject_files import reject_file

    opened: list[Callable[[RowFault], None]] = []

    def write(fault: RowFault) -> None:
        if not opened:
            opened.append(stack.enter_context(reject_file(path)))
        opened[0](fault)

    return write


def _counted(entries: "Iterator[ListedEntry]", advance: Callable[[int], None]) -> "Iterator[ListedEntry]":
    for entry in entries:
        advance(1)
        yield entry


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Show on a terminal how many rows are done."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bars:
        task = bars.add_task("名单 entries", total=None)
        yield lambda count: bars.advance(task, count)


def _moment(at: datetime | None) -> str | None:
    return None if at is None else f"{at.astimezone():%Y-%m-%d %H:%M%z}"


def _print(figures: Mapping[str, object]) -> None:
    counts = [name for name in ("rows", "put", "would_be_put", "refused") if figures[name] is not None]
    print_table(counts, [[figures[name] for name in counts]])
    faults = figures["first_faults"]
    if isinstance(faults, list) and faults:
        print_table(["line", "column", "what is wrong"], [(one.index, one.field, one.message) for one in faults])
        click.echo(f"拒收明细 · every refused row: {figures['rejects']}")
    if figures["incomplete"]:
        click.echo(
            f"文件中断，此前内容已保留 · The file broke off, what was read before is kept: {figures['incomplete']}"
        )
