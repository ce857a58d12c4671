"""Rows of a Parquet file, a bounded batch of records at a time; values become the text a CSV would hold."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from services.customer_view.adapters.csv_rows import check_header
from services.customer_view.application.faults import UnreadableFile
from services.customer_view.application.ports import FileRow
from services.customer_view.domain.column_map import ColumnMap

_BATCH = 2_000


def read(path: Path, column_map: ColumnMap) -> Iterator[FileRow]:
    """Yield rows numbered from 1; raises UnreadableFile."""
    names = list(column_map.columns)
    try:
        with pq.ParquetFile(path) as file:
            check_header(path, column_map, list(file.schema_arrow.names))
            line = 0
            for batch in file.iter_batches(batch_size=_BATCH, columns=names):
                columns = [batch.column(name).to_pylist() for name in names]
                for values in zip(*columns, strict=True):
                    line += 1
                    yield FileRow(line, {name: _text(value) for name, value in zip(names, values, strict=True)})
    except pa.ArrowException as error:
        raise UnreadableFile("broken_file", f"{path}: {error}") from error


def _text(value: object) -> str:
    if value is None or value != value:  # noqa: PLR0124 - a float that is not a number is how pandas writes "missing"
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    if isinstance(value, bytes):
        return value.decode(errors="replace").strip()
    return str(value).strip()
