"""Files of rows, told apart by their first bytes: CSV (UTF-8 or GB18030, plain or gzip) and Parquet; streamed."""

import gzip
import io
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from services.customer_view.adapters import csv_rows, parquet_rows
from services.customer_view.application.faults import UnreadableFile
from services.customer_view.application.ports import FileRow
from services.customer_view.domain.column_map import ColumnMap

_SAMPLE = 65_536  # bytes from which the encoding is told
_REPLACED = "\N{REPLACEMENT CHARACTER}"


class LocalRowFiles:
    """Opens files of this machine."""

    @contextmanager
    def open(self, path: Path, column_map: ColumnMap) -> Iterator[Iterator[FileRow]]:
        """Stream the columns a map names; raises UnreadableFile, while streaming too."""
        try:
            file = path.open("rb", buffering=0)
        except OSError as error:
            message = f"{path}: {error.strerror or error}"
            raise UnreadableFile("no_such_file", message) from error
        with file:
            start = file.read(4)
            file.seek(0)
            with closing(_guarded(path, _rows(file, start, path, column_map))) as rows:
                yield rows


def _rows(file: io.FileIO, start: bytes, path: Path, column_map: ColumnMap) -> Iterator[FileRow]:
    if start == b"PAR1":
        return parquet_rows.read(path, column_map)
    if start.startswith(b"PK"):
        raise UnreadableFile("unknown_format", f"{path}: a ZIP archive or Excel workbook: save it as CSV")
    if start.startswith(b"\x1f\x8b"):
        return _text_rows(io.BufferedReader(gzip.GzipFile(fileobj=file), _SAMPLE), path, column_map)
    return _text_rows(io.BufferedReader(file, _SAMPLE), path, column_map)


def _text_rows(buffered: io.BufferedReader, path: Path, column_map: ColumnMap) -> Iterator[FileRow]:
    sample = buffered.peek(_SAMPLE)[:_SAMPLE]
    if not sample.strip():
        raise UnreadableFile("empty_file", f"{path}: the file is empty")
    encoding = column_map.encoding or _encoding_of(sample)
    if sample.startswith(b"\xef\xbb\xbf") and encoding == "utf-8":
        encoding = "utf-8-sig"
    with io.TextIOWrapper(buffered, encoding=encoding, errors="surrogateescape", newline="") as text:
        yield from csv_rows.read(text, path, column_map)


def _encoding_of(sample: bytes) -> str:
    """Return the encoding under which fewer bytes make no sense; UTF-8 where both do as well."""
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise UnreadableFile("wrong_encoding", "the file is UTF-16: save it as UTF-8 or GB18030")
    header = sample.split(b"\n", 1)[0]
    for part in (sample if header.isascii() else header, sample):
        odd = {name: part.decode(name, errors="replace").count(_REPLACED) for name in ("utf-8", "gb18030")}
        if odd["utf-8"] != odd["gb18030"]:
            return min(odd, key=odd.__getitem__)
    return "utf-8"


def _guarded(path: Path, rows: Iterator[FileRow]) -> Generator[FileRow, None, None]:
    try:
        yield from rows
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile("broken_file", f"{path}: {error}") from error
