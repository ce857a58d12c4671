"""`banyan feeds load`: a file into customer_view's database, resumed at the row where a run ended."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.feeds.progress import showing
from services.workbench.cli.feeds.service import customer_view
from shared.kernel.faults import InvalidRequest

if TYPE_CHECKING:
    from services.customer_view.application.feed_ports import FeedOutcome

_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)
_COUNTS = ("rows", "written", "changed", "refused", "bad_cells")
_SHOWN = 12


@click.command()
@click.argument("kind", type=click.Choice(["customers", "orders", "events"]))
@click.argument("file", type=_FILE)
@click.option("--map", "column_map", type=_FILE, help="列映射 YAML · Column map: which cells are which facts")
@click.option("--name", help="名称，默认为文件名 · What the feed is called; by default the file's name")
@click.option("--rejects", type=click.Path(path_type=Path), help="拒收明细 CSV · Where refused rows and cells go")
@click.option("--again", "is_again", is_flag=True, help="重新装载 · Load the file though it has been loaded")
@json_option
def load(
    kind: str,
    file: Path,
    column_map: Path | None,
    name: str | None,
    rejects: Path | None,
    *,
    is_again: bool,
    as_json: bool,
) -> None:
    """装载文件 · Load FILE, or what of it an earlier run has not stored; the same file again changes nothing.

    Works on customer_view's own database (BANYAN_DATABASE_URL), beside the services. Exit code 1 if a row was refused
    or the file broke off.
    """
    from services.customer_view.application.feed_ports import FileOrder
    from services.customer_view.dependencies import build_feeds, build_record_feeds

    if kind == "customers" and column_map is None:
        raise InvalidRequest("a file of customers needs a column map: --map FILE", details={"field": "map"})
    order = FileOrder(
        file, column_map or file, name or file.name, rejects.absolute() if rejects else None, is_again=is_again
    )
    with customer_view() as settings, showing(file) as progress:
        if kind == "customers":
            outcome = build_feeds(settings).load(order, progress)
        else:
            outcome = build_record_feeds(settings).load("orders" if kind == "orders" else "events", order, progress)
    _print(outcome, as_json=as_json)
    raise SystemExit(int(bool(outcome.state.refused or outcome.state.incomplete)))


def _print(outcome: "FeedOutcome", *, as_json: bool) -> None:
    state = outcome.state
    if as_json:
        print_json({"feed": state, "resumed_from": outcome.resumed_from, "was_loaded": outcome.was_loaded})
        return
    if outcome.was_loaded:
        click.echo(
            f"{state.source} has been loaded before, at {state.finished_at:%Y-%m-%d %H:%M}; --again loads it again"
        )
    elif outcome.resumed_from:
        click.echo(f"went on behind row {outcome.resumed_from:,}, where an earlier run had ended")
    print_table(_COUNTS, [[f"{getattr(state, name):,}" for name in _COUNTS]])
    if state.last_rejects:
        rows = [(one.line, one.column, one.reason, one.cell) for one in state.last_rejects[-_SHOWN:]]
        print_table(["line", "column", "reason", "cell"], rows)
    if state.incomplete:
        click.echo(f"The file broke off; what was read before is kept: {state.incomplete}")
