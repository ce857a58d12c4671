"""Importing a file of subscribers: row by row through a column map, in bounded batches, good rows kept."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Protocol

from services.customer_view.application.ports import ColumnMaps, FileRow, RowFiles, SeenIdsFactory
from services.customer_view.domain.cells import BadCell, Value
from services.customer_view.domain.column_map import ColumnMap
from shared.contracts.customer_view import CustomerRecord, FactValue, UpsertResult
from shared.contracts.wire import RowFault
from shared.kernel.faults import Fault
from shared.rulekit.vocabulary import Vocabulary

_BATCH = 2_000  # rows in memory at a time


class Customers(Protocol):
    """Where the records go: the service's own use cases."""

    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        """Keep the good records, report the others by position."""
        ...


@dataclass(slots=True)
class ImportReport:
    """What came of a file; every count is of rows, except `bad_cells` and `cells_by_fact` (of cells)."""

    rows: int = 0
    written: int = 0
    refused: int = 0
    bad_cells: int = 0
    """Cells that could not be read: the row was kept, the fact is unknown."""
    cells_by_fact: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    """Per mapped fact the rows written for which it is unknown, for whatever reason."""
    incomplete: Fault | None = None
    """Set when the file broke off: what was read before is kept."""


Progress = Callable[[ImportReport], None]
FaultSink = Callable[[RowFault], None]


@dataclass(frozen=True, slots=True)
class _Candidate:
    line: int
    customer_id: str
    facts: dict[str, Value]
    bad: list[tuple[str, BadCell]]


class FileImport:
    """Imports files; the same file again changes nothing."""

    def __init__(
        self,
        *,
        customers: Customers,
        vocabulary: Callable[[], Vocabulary],
        files: RowFiles,
        column_maps: ColumnMaps,
        seen_ids: SeenIdsFactory,
    ) -> None:
        self._customers = customers
        self._vocabulary = vocabulary
        self._files = files
        self._column_maps = column_maps
        self._seen_ids = seen_ids

    def import_file(
        self,
        path: Path,
        column_map: Path,
        *,
        on_fault: FaultSink = lambda _fault: None,
        progress: Progress = lambda _report: None,
    ) -> ImportReport:
        """Import a file; `on_fault` gets every bad row and cell (index: the line, from 1; field: the column).

        A row without an id, with an id seen before in the file, or of the wrong width is refused. A bad cell leaves its
        fact unknown. Raises UnreadableFile before the first row is written, and RuleFaults for a faulty map; a file
        that breaks off later is reported as `incomplete`. `progress` is called after each batch.
        """
        recipe = self._column_maps.read(column_map, self._vocabulary())
        report = ImportReport()
        with self._seen_ids() as seen, self._files.open(path, recipe) as rows:
            for batch in _batches(_until_broken(rows, report), _BATCH):
                report.rows += len(batch)
                candidates = _candidates(batch, recipe, report, on_fault)
                first = seen.first_seen([one.customer_id for one in candidates])
                kept = [one for position, one in enumerate(candidates) if position in first]
                for position, one in enumerate(candidates):
                    if position not in first:
                        message = f"duplicate_id: {one.customer_id} was in an earlier row"
                        _refuse(report, on_fault, one.line, recipe.identity.source.column, message)
                self._write(kept, report, on_fault)
                progress(report)
        return report

    def _write(self, kept: list[_Candidate], report: ImportReport, on_fault: FaultSink) -> None:
        if not kept:
            return
        records = [CustomerRecord(customer_id=one.customer_id, facts=_on_the_wire(one.facts)) for one in kept]
        result = self._customers.upsert_customers(records)
        refused = {fault.index for fault in result.faults}
        report.written += result.written
        report.refused += len(refused)
        for fault in result.faults:
            on_fault(RowFault(index=kept[fault.index].line, field=fault.field, message=fault.message))
        for position, one in enumerate(kept):
            if position not in refused:
                report.unknown.update(name for name, value in one.facts.items() if value is None)
            for name, cell in one.bad:
                report.bad_cells += 1
                report.cells_by_fact[name] += 1
                on_fault(RowFault(index=one.line, field=cell.column, message=f"bad_cell: {name}: {cell.message}"))


def _candidates(batch: list[FileRow], recipe: ColumnMap, report: ImportReport, on_fault: FaultSink) -> list[_Candidate]:
    candidates = []
    for row in batch:
        if row.cells is None:
            _refuse(report, on_fault, row.line, "row", row.fault)
            continue
        try:
            customer_id = recipe.identity.read(row.cells)
        except BadCell as bad:
            _refuse(report, on_fault, row.line, bad.column, f"bad_id: {bad.message}")
            continue
        candidates.append(_Candidate(row.line, customer_id, *recipe.facts_of(row.cells)))
    return candidates


def _refuse(report: ImportReport, on_fault: FaultSink, line: int, column: str, message: str) -> None:
    report.refused += 1
    on_fault(RowFault(index=line, field=column, message=message))


def _on_the_wire(facts: dict[str, Value]) -> dict[str, FactValue]:
    return {
        name: sorted(value)
        if isinstance(value, frozenset)
        else value
        if value is None or isinstance(value, (str, int, float))
        else value.isoformat()
        for name, value in facts.items()
    }


def _until_broken(rows: Iterator[FileRow], report: ImportReport) -> Iterator[FileRow]:
    """Pass rows on; a fault after the first ends the file instead of losing what was read."""
    started = False
    try:
        for row in rows:
            started = True
            yield row
    except Fault as fault:
        if not started:
            raise
        report.incomplete = fault


def _batches(rows: Iterable[FileRow], size: int) -> Iterator[list[FileRow]]:
    waiting = iter(rows)
    while batch := list(islice(waiting, size)):
        yield batch
