"""Lists as CSV files: read row by row, bad rows told by line and column; written so that they can be read again."""

import csv
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from services.customer_view.adapters.row_files import LocalRowFiles
from services.customer_view.application.faults import UnreadableFile
from services.customer_view.domain.cells import Constant, Source
from services.customer_view.domain.column_map import ColumnMap, Identity
from services.governance.application.listing import check_entry
from shared.contracts.governance import ListedEntry, ListEntry
from shared.contracts.wire import BULK_LIMIT, RowFault
from shared.kernel.faults import Fault, InvalidRequest

FIELDS = ("customer_id", "reason", "source", "author", "starts_at", "ends_at", "channel", "category")
_NEEDED = frozenset(FIELDS[:4])
_MOMENTS = ("starts_at", "ends_at")


@dataclass(slots=True)
class ListReport:
    """What came of a file; counts are of rows."""

    rows: int = 0
    put: int = 0
    refused: int = 0
    incomplete: Fault | None = None
    """Set when the file broke off: what was read before is put."""


def import_list(
    path: Path,
    put: Callable[[list[ListEntry]], None],
    *,
    on_fault: Callable[[RowFault], None],
    advance: Callable[[int], None] = lambda _rows: None,
) -> ListReport:
    """Read a file and `put` its good rows, BULK_LIMIT at a time; `on_fault` gets every bad row.

    The file has a header; starts_at, ends_at, channel and category may be left out. Of two rows of one subscriber,
    channel and category the later one stands. Raises UnreadableFile before anything is put.
    """
    report, page = ListReport(), list[ListEntry]()
    columns = _columns(path)
    with LocalRowFiles().open(path, _layout(columns)) as rows:
        try:
            for row in rows:
                report.rows += 1
                advance(1)
                read = _read(row.cells) if row.cells is not None else InvalidRequest(row.fault)
                if isinstance(read, ListEntry):
                    page.append(read)
                else:
                    report.refused += 1
                    on_fault(
                        RowFault(index=row.line, field=str(read.details.get("field", "row")), message=read.message)
                    )
                if len(page) == BULK_LIMIT:
                    _put(page, put, report)
        except UnreadableFile as fault:
            if not report.rows:
                raise
            report.incomplete = fault
    _put(page, put, report)
    return report


def write_entries(entries: Iterable[ListedEntry], file: TextIO) -> int:
    """Write entries as a file that `import_list` reads; return how many."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(FIELDS)
    count = 0
    for entry in entries:
        cells = (getattr(entry, name) for name in FIELDS)
        writer.writerow(cell.isoformat() if isinstance(cell, datetime) else cell for cell in cells)
        count += 1
    return count


def _put(page: list[ListEntry], put: Callable[[list[ListEntry]], None], report: ListReport) -> None:
    if page:
        put(list(page))
        report.put += len(page)
        page.clear()


def _columns(path: Path) -> tuple[str, ...]:
    """Return the fields that the file has; one that seems misspelt is a fault, since without it an entry means more."""
    try:
        with LocalRowFiles().open(path, _layout(FIELDS)) as rows:
            next(rows, None)
    except UnreadableFile as fault:
        nearest = fault.details.get("nearest")
        if not isinstance(nearest, Mapping) or _NEEDED & nearest.keys() or set().union(*nearest.values()) - set(FIELDS):
            raise
        return tuple(name for name in FIELDS if name not in nearest)
    return FIELDS


def _layout(columns: tuple[str, ...]) -> ColumnMap:
    subscriber, *others = columns
    identity = Identity(Source(subscriber, frozenset({""})))
    return ColumnMap("list", identity, {name: Constant(None, (name,)) for name in others})


def _read(cells: Mapping[str, str]) -> ListEntry | InvalidRequest:
    moments: dict[str, datetime | None] = {}
    for name in _MOMENTS:
        cell = cells.get(name, "")
        try:
            moments[name] = datetime.fromisoformat(cell) if cell else None
        except ValueError:
            return InvalidRequest(f"{cell[:40]!r} is no ISO 8601 date and time", details={"field": name})
    entry = ListEntry(
        customer_id=cells["customer_id"],
        reason=cells["reason"],
        source=cells["source"],
        author=cells["author"],
        starts_at=moments["starts_at"],
        ends_at=moments["ends_at"],
        channel=cells.get("channel") or None,
        category=cells.get("category") or None,
    )
    try:
        check_entry("row", entry)
    except InvalidRequest as fault:
        field = str(fault.details["field"]).removeprefix("row.")
        return InvalidRequest(fault.message.partition(": ")[2], details={"field": field})
    return entry


def entries_of(read_page: Callable[[str], tuple[list[ListedEntry], str | None]]) -> Iterator[ListedEntry]:
    """Yield all entries of a list page by page; `read_page` gets what the page before told as `next`, first ""."""
    after: str | None = ""
    while after is not None:
        entries, after = read_page(after)
        yield from entries
