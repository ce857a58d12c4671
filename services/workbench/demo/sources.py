"""Where a rehearsal's subscribers come from: a generated province, or a real file through its column map."""

from dataclasses import dataclass
from pathlib import Path

from rich.progress import Progress

from services.customer_view.adapters.column_map_files import ColumnMapFiles
from services.customer_view.adapters.row_files import LocalRowFiles
from services.customer_view.adapters.seen_ids import seen_ids_on_disk
from services.customer_view.application.imports import FileImport, ImportReport
from services.workbench import province
from services.workbench.demo import intake
from services.workbench.report.summary import ImportSummary
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.wire import RowFault
from shared.messaging.calling import RpcCaller
from shared.rulekit.reading.folder import load_rules

_SHOWN_FAULTS = 12


@dataclass(frozen=True, slots=True)
class GeneratedProvince:
    """Synthetic subscribers and lists; the same seed and size are the same province."""

    seed: int
    size: int

    def load(self, caller: RpcCaller, progress: Progress) -> tuple[ImportSummary, list[str]]:
        """Put subscribers, then lists in; return what came of it and some ids."""
        task = progress.add_task("生成并载入用户 subscribers", total=self.size)
        records = province.subscribers(self.seed, self.size)
        summary, ids = intake.load_customers(
            caller,
            records,
            source=f"generated province, seed {self.seed}",
            advance=lambda count: progress.advance(task, count),
        )
        intake.load_lists(caller, province.lists(self.seed, self.size))
        return summary, ids


@dataclass(frozen=True, slots=True)
class SubscriberFile:
    """Real subscribers from a CSV or Parquet file; bad cells are reported by line and column, good rows kept."""

    path: Path
    column_map: Path
    rules: Path

    def load(self, caller: RpcCaller, progress: Progress) -> tuple[ImportSummary, list[str]]:
        """Put the file's subscribers in; return what came of it and some ids."""
        task = progress.add_task(f"导入 import {self.path.name}", total=None)
        customers = _Customers(caller)
        shown: list[str] = []

        def note(fault: RowFault) -> None:
            if len(shown) < _SHOWN_FAULTS:
                shown.append(f"line {fault.index}, {fault.field}: {fault.message}")

        vocabulary = load_rules(self.rules).vocabulary
        importing = FileImport(
            customers=customers,
            vocabulary=lambda: vocabulary,
            files=LocalRowFiles(),
            column_maps=ColumnMapFiles(),
            seen_ids=seen_ids_on_disk,
        )
        report = importing.import_file(
            self.path,
            self.column_map,
            on_fault=note,
            progress=lambda so_far: progress.update(task, completed=so_far.rows),
        )
        progress.update(task, total=report.rows, completed=report.rows)
        return self._summary(report, shown), customers.ids

    def _summary(self, report: ImportReport, shown: list[str]) -> ImportSummary:
        broken = [f"the file broke off: {report.incomplete.message}"] if report.incomplete else []
        return ImportSummary(
            source=self.path.name,
            synthetic=False,
            subscribers=report.written,
            faulty_cells=report.bad_cells,
            refused_rows=report.refused,
            first_faults=tuple(broken + shown),
        )


class _Customers:
    """Hands an import's batches to customer_view and remembers the first ids."""

    def __init__(self, caller: RpcCaller) -> None:
        self._caller = caller
        self.ids: list[str] = []

    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        self.ids += [record.customer_id for record in customers][: intake.KNOWN_IDS - len(self.ids)]
        arguments = {"customers": customers}
        return self._caller.call("customer_view_bulk", "upsert_customers", arguments, UpsertResult, intake.TIMEOUT)
