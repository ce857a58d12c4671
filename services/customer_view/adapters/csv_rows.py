"""Rows of a CSV file, one at a time; a broken row costs that row and no other."""

import csv
import io
import zlib
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TextIO

from services.customer_view.application.faults import UnreadableFile
from services.customer_view.application.ports import FileRow
from services.customer_view.domain.column_map import ColumnMap, missing_columns

_LONGEST_LINE = 1 << 20  # characters
_PORTION = 65_536  # characters read at a time: what a file that breaks off has just given is lost
_MOST_LINES = 100  # of one row, counting line breaks within quotes: beyond it a quote was left open


def read(text: TextIO, path: Path, column_map: ColumnMap) -> Iterator[FileRow]:
    """Yield rows with the columns of the map; raises UnreadableFile."""
    feed = LineFeed(text, path)
    header = read_header(feed, path, column_map)
    picks = [(name, header.index(name)) for name in column_map.columns]
    yield from rows_of(feed, len(header), picks, column_map.delimiter)


def check_header(path: Path, column_map: ColumnMap, header: list[str]) -> None:
    """Raise UnreadableFile naming the columns that are missing, with the nearest names, or there twice."""
    missing = missing_columns(column_map.columns, header)
    if missing:
        message = f"{path}: the file lacks {', '.join(map(str, missing))}"
        details = {"columns": [one.name for one in missing], "nearest": {one.name: one.nearest for one in missing}}
        raise UnreadableFile("missing_columns", message, details=details)
    counts = Counter(header)
    twice = [name for name in column_map.columns if counts[name] > 1]
    if twice:
        message = f"{path}: the file has {', '.join(map(repr, twice))} more than once"
        raise UnreadableFile("ambiguous_columns", message, details={"columns": twice})


class LineFeed:
    """Lines of a file, numbered from 1; remembers those of the row being read, and takes them back."""

    def __init__(self, text: TextIO, path: Path) -> None:
        self._text = text
        self._path = path
        self._returned: deque[str] = deque()
        self._row: list[str] = []
        self._line = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self._row) >= _MOST_LINES:
            raise csv.Error(f"more than {_MOST_LINES} lines in one row: is a quote left open?")
        line = self._returned.popleft() if self._returned else self._text.readline(_LONGEST_LINE)
        if not line:
            raise StopIteration
        if len(line) == _LONGEST_LINE and not line.endswith(("\n", "\r")):
            raise UnreadableFile("broken_file", f"{self._path}: line {self._line + 1} has no end")
        self._line += 1
        self._row.append(line)
        return line

    def begin(self) -> int:
        """Begin a row; return the number of its first line."""
        self._row.clear()
        return self._line + 1

    @property
    def lines(self) -> int:
        """How many lines the row has taken so far."""
        return len(self._row)

    @property
    def line(self) -> int:
        """How many lines of the file have been taken."""
        return self._line

    def take(self, characters: int) -> list[str]:
        """Take whole lines, of about so many characters in all; none at the end of the file."""
        lines = list(self._returned)
        self._returned.clear()
        size = sum(map(len, lines))
        try:
            while size < characters and (text := self._portion(characters - size)):
                lines += io.StringIO(text, newline="").readlines()
                size += len(text)
        except (OSError, EOFError, zlib.error):
            if not lines:  # otherwise the next to read meets it again
                raise
        self._line += len(lines)
        return lines

    def _portion(self, most: int) -> str:
        text = self._text.read(min(_PORTION, most))
        if text and not text.endswith("\n"):
            text += self._text.readline(_LONGEST_LINE)
            if len(text) >= _LONGEST_LINE and not text.endswith(("\n", "\r")):
                raise UnreadableFile("broken_file", f"{self._path}: a line after line {self._line} has no end")
        return text

    def give_back(self, lines: Sequence[str]) -> None:
        """Offer lines that `take` has returned again."""
        self._returned.extendleft(reversed(lines))
        self._line -= len(lines)

    def take_back(self) -> None:
        """Offer all lines of the row but the first again."""
        self.give_back(self._row[1:])
        del self._row[1:]


def read_header(feed: LineFeed, path: Path, column_map: ColumnMap) -> list[str]:
    """Return the names in the first row; raises UnreadableFile where the map cannot be used on them."""
    try:
        header = [name.strip() for name in next(csv.reader(feed, delimiter=column_map.delimiter), [])]
    except csv.Error as error:
        raise UnreadableFile("broken_file", f"{path}: line 1: {error}") from error
    if is_garbled("".join(header)):
        encoding = column_map.encoding or "utf-8"
        raise UnreadableFile("wrong_encoding", f"{path}: line 1 is not {encoding}: name the file's encoding in the map")
    check_header(path, column_map, header)
    return header


def rows_of(feed: LineFeed, width: int, picks: list[tuple[str, int]], delimiter: str) -> Iterator[FileRow]:
    """Yield the rows that follow; at each the feed stands where the next one begins."""
    ended = False
    while not ended:
        reader = csv.reader(feed, delimiter=delimiter, strict=True)
        whole = True
        while whole and not ended:
            line = feed.begin()
            try:
                row = _row(line, next(reader), width, picks)
            except StopIteration:
                ended = True
                continue
            except csv.Error as error:
                row = FileRow(line, None, f"broken_row: {error}")
                whole = False
            if row is not None:
                if row.cells is None and feed.lines > 1:
                    whole = False
                if not whole:
                    feed.take_back()
                yield row


def _row(line: int, cells: list[str], width: int, picks: list[tuple[str, int]]) -> FileRow | None:
    if not cells:
        return None  # an empty line
    if len(cells) != width:
        return FileRow(line, None, f"ragged_row: {len(cells)} cells, the header has {width}")
    picked = {name: cells[position].strip() for name, position in picks}
    for name, cell in picked.items():
        if not cell.isascii() and is_garbled(cell):
            return FileRow(line, None, f"wrong_encoding: column {name!r} holds bytes that are no text")
    return FileRow(line, picked)


def is_garbled(text: str) -> bool:
    """Tell whether a text holds bytes that are none in its encoding."""
    try:
        text.encode()
    except UnicodeEncodeError:  # undecodable bytes were read as lone surrogates
        return True
    return False
