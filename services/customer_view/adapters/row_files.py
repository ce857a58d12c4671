"""Files of rows, told apart by their first bytes: CSV (UTF-8 or GB18030, plain or gzip) and Parquet; streamed."""

import gzip
import hashlib
import io
import zlib
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import BinaryIO, TextIO, TypeVar, cast

from services.customer_view.adapters import csv_chunks, csv_rows, parquet_rows
from services.customer_view.application.faults import UnreadableFile
from services.customer_view.application.feed_state import Message
from services.customer_view.application.ports import FileRow, RowChunk
from services.customer_view.domain.column_map import ColumnMap

Item = TypeVar("Item")
_SAMPLE = 65_536  # bytes from which the encoding is told
_LONGEST_MESSAGE = 1 << 25  # bytes
_REPLACED = "\N{REPLACEMENT CHARACTER}"


class LocalRowFiles:
    """Opens files of this machine."""

    @contextmanager
    def open(self, path: Path, column_map: ColumnMap) -> Iterator[Iterator[FileRow]]:
        """Stream the columns a map names; raises UnreadableFile, while streaming too."""
        with (
            _opened(path) as file,
            closing(_guarded(path, _items(file, path, column_map, parquet_rows.read, csv_rows.read))) as rows,
        ):
            yield rows

    @contextmanager
    def open_chunks(self, path: Path, column_map: ColumnMap, size: int) -> Iterator[Iterator[RowChunk]]:
        """Stream the same by the column, about `size` rows at a time; raises UnreadableFile, while streaming too."""

        def parquet(path: Path, column_map: ColumnMap) -> Iterator[RowChunk]:
            return parquet_rows.read_chunks(path, column_map, size)

        def text(text: TextIO, path: Path, column_map: ColumnMap) -> Iterator[RowChunk]:
            return csv_chunks.read(text, path, column_map, size)

        with (
            _opened(path) as file,
            closing(_guarded(path, _items(file, path, column_map, parquet, text))) as chunks,
        ):
            yield chunks

    @contextmanager
    def open_messages(self, path: Path, reached: int) -> Iterator[Iterator[Message]]:
        """Stream the lines of a file of JSON lines behind a line; raises UnreadableFile, while streaming too."""
        with _opened(path) as raw_file, io.BufferedReader(raw_file, _SAMPLE) as file:
            packed = file.read(2) == b"\x1f\x8b"
            file.seek(0)
            opened = cast("BinaryIO", gzip.GzipFile(fileobj=file) if packed else file)
            with closing(_guarded(path, _messages(path, opened, reached))) as messages:
                yield messages

    def fingerprint(self, path: Path) -> str:
        """Return what tells the file's content from any other: its size and digest; raises UnreadableFile."""
        with _opened(path) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return f"{file.tell()}-{digest}"


@contextmanager
def _opened(path: Path) -> Iterator[io.FileIO]:
    try:
        file = path.open("rb", buffering=0)
    except OSError as error:
        message = f"{path}: {error.strerror or error}"
        raise UnreadableFile("no_such_file", message) from error
    with file:
        yield file


def _items(
    file: io.FileIO,
    path: Path,
    column_map: ColumnMap,
    parquet: Callable[[Path, ColumnMap], Iterator[Item]],
    text: Callable[[TextIO, Path, ColumnMap], Iterator[Item]],
) -> Iterator[Item]:
    start = file.read(4)
    file.seek(0)
    if start == b"PAR1":
        return parquet(path, column_map)
    if start.startswith(b"PK"):
        raise UnreadableFile("unknown_format", f"{path}: a ZIP archive or Excel workbook: save it as CSV")
    if start.startswith(b"\x1f\x8b"):
        return _text_items(io.BufferedReader(gzip.GzipFile(fileobj=file), _SAMPLE), path, column_map, text)
    return _text_items(io.BufferedReader(file, _SAMPLE), path, column_map, text)


def _messages(path: Path, opened: BinaryIO, reached: int) -> Iterator[Message]:
    number = 0
    while line := opened.readline(_LONGEST_MESSAGE):
        number += 1
        if len(line) == _LONGEST_MESSAGE and not line.endswith(b"\n"):
            raise UnreadableFile("broken_file", f"{path}: line {number} has no end")
        body = line.removeprefix(b"\xef\xbb\xbf").strip()
        if body and number > reached:
            yield Message(number, body)


def _text_items(
    buffered: io.BufferedReader,
    path: Path,
    column_map: ColumnMap,
    read: Callable[[TextIO, Path, ColumnMap], Iterator[Item]],
) -> Iterator[Item]:
    sample = buffered.peek(_SAMPLE)[:_SAMPLE]
    if not sample.strip():
        raise UnreadableFile("empty_file", f"{path}: the file is empty")
    encoding = column_map.encoding or _encoding_of(sample)
    if sample.startswith(b"\xef\xbb\xbf") and encoding == "utf-8":
        encoding = "utf-8-sig"
    with io.TextIOWrapper(buffered, encoding=encoding, errors="surrogateescape", newline="") as text:
        yield from read(text, path, column_map)


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


def _guarded(path: Path, rows: Iterator[Item]) -> Generator[Item, None, None]:
    try:
        yield from rows
    except (OSError, EOFError, zlib.error) as error:
        raise UnreadableFile("broken_file", f"{path}: {error}") from error
