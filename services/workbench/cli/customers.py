"""`banyan customers`: bring a file of subscribers into customer_view."""

import warnings
from contextlib import ExitStack
from pathlib import Path

import click
import msgspec

from services.workbench.cli import bus
from services.workbench.cli.console import json_option, print_json, print_table
from services.workbench.cli.rules.options import rules_folder_option
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.wire import RowFault

_SHOWN = 12
_FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


class RemoteCustomers:
    """Where an import's records go: customer_view's bulk container, a batch per call."""

    def __init__(self, client: bus.Client) -> None:
        self._client = client

    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        """Keep the good records, report the others by position."""
        answer = self._client.call("customer_view_bulk", "upsert_customers", timeout=120.0, customers=customers)
        return msgspec.convert(answer, UpsertResult)


@click.group()
def customers() -> None:
    """导入客户 · Import subscribers."""


@customers.command("import")
@click.argument("file", type=_FILE)
@click.option(
    "--map", "column_map", type=_FILE, required=True, help="列映射 YAML · Column map: which cells are which facts"
)
@click.option(
    "--rejects", type=click.Path(path_type=Path), help="拒收明细 CSV · Where to write every refused row and cell"
)
@rules_folder_option
@json_option
def import_file(file: Path, column_map: Path, rejects: Path | None, folder: Path, *, as_json: bool) -> None:
    """导入 CSV 或 Parquet · Import the subscribers of FILE over the bus; the same file again changes nothing.

    Where the database can be reached, `banyan feeds load customers` does the same several times as fast, and goes on
    where it ended. Good rows are kept, bad ones reported with line and column. Exit code 1 if a row was refused or the
    file broke off.
    """
    from services.customer_view.adapters.reject_files import reject_file
    from shared.rulekit.reading.folder import load_rules

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what eventlet and nameko announce at import is not for this command's reader
        from services.customer_view.dependencies import build_import

    vocabulary = load_rules(folder).vocabulary
    shown: list[RowFault] = []
    with ExitStack() as stack:
        write = stack.enter_context(reject_file(rejects)) if rejects else None

        def note(fault: RowFault) -> None:
            if len(shown) < _SHOWN:
                shown.append(fault)
            if write:
                write(fault)

        importing = build_import(RemoteCustomers(stack.enter_context(bus.open_client())), lambda: vocabulary)
        report = importing.import_file(file, column_map, on_fault=note)
    figures = {
        "rows": report.rows,
        "written": report.written,
        "refused": report.refused,
        "bad_cells": report.bad_cells,
        "unknown_facts": dict(sorted(report.unknown.items())),
        "first_faults": shown,
        "incomplete": report.incomplete.message if report.incomplete else None,
    }
    if as_json:
        print_json(figures)
    else:
        _print(figures)
    raise SystemExit(int(bool(report.refused or report.incomplete)))


def _print(figures: dict[str, object]) -> None:
    counts = ("rows", "written", "refused", "bad_cells")
    print_table(counts, [[figures[name] for name in counts]])
    faults = figures["first_faults"]
    if isinstance(faults, list) and faults:
        print_table(["line", "column", "what is wrong"], [(one.index, one.field, one.message) for one in faults])
    if figures["incomplete"]:
        click.echo(f"The file broke off; what was read before is kept: {figures['incomplete']}")
