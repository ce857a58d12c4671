"""Rows of a Parquet file, a bounded batch of records at a time; values become the text a CSV would hold."""

from collections.abc import Iterator
from datetime import datetime, time
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from services.customer_view.adapters.csv_rows import check_header
from services.customer_view.application.faults import UnreadableFile
from services.customer_view.application.ports import FileRow, RowChunk
from services.customer_view.domain.column_map import ColumnMap

_BATCH = 2_000


def read(path: Path, column_map: ColumnMap) -> Iterator[FileRow]:
    """Yield rows numbered from 1; raises UnreadableFile."""
    for chunk in read_chunks(path, column_map, _BATCH):
        for line, *cells in zip(chunk.lines, *chunk.columns.values(), strict=True):
            yield FileRow(line, dict(zip(chunk.columns, cells, strict=True)))


def read_chunks(path: Path, column_map: ColumnMap, size: int) -> Iterator[RowChunk]:
    """Yield rows by the column, up to `size` at a time; raises UnreadableFile."""
    names = list(column_map.columns)
    try:
        with pq.ParquetFile(path) as file:
            check_header(path, column_map, list(file.schema_arrow.names))
            end = 0
            for batch in file.iter_batches(batch_size=size, columns=names):
                first, end = end + 1, end + len(batch)
                columns = {name: [_text(value) for value in batch.column(name).to_pylist()] for name in names}
                yield RowChunk(lines=range(first, end + 1), columns=columns, faults=[], end=end)
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
