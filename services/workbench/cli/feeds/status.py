"""`banyan feeds status`: how far each feed has come."""

import click

from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.feeds.service import customer_view

_COLUMNS = ("feed", "kind", "state", "position", "rows", "written", "changed", "refused", "bad cells", "moved")
_SHOWN = 5


@click.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@json_option
def status(names: tuple[str, ...], *, as_json: bool) -> None:
    """接入状态 · Show every feed or those named: position, counts, last refusals; exit code 1 for an unknown name."""
    from services.customer_view.dependencies import list_feeds

    with customer_view() as settings:
        found = [state for state in list_feeds(settings) if not names or state.name in names]
    missing = sorted(set(names) - {state.name for state in found})
    if as_json:
        print_json(found)
    elif not found and not missing:
        click.echo("nothing has been fed yet")
    else:
        print_table(
            _COLUMNS,
            [
                (
                    one.name,
                    one.kind,
                    "broke off" if one.incomplete else "done" if one.finished_at else "open",
                    one.position,
                    *(f"{count:,}" for count in (one.rows, one.written, one.changed, one.refused, one.bad_cells)),
                    f"{one.moved_at:%Y-%m-%d %H:%M:%S}",
                )
                for one in found
            ],
        )
        rejects = [
            (one.name, last.line, last.column, last.reason) for one in found for last in one.last_rejects[-_SHOWN:]
        ]
        if rejects:
            print_table(["feed", "line", "column", "last refusals"], rejects)
    for name in missing:
        click.echo(f"there is no feed {name!r}", err=True)
    raise SystemExit(int(bool(missing)))
