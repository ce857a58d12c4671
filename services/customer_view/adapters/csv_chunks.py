"""Rows of a CSV file by the column, thousands at a time; wherever something is odd, row by row after all."""

import csv
from collections.abc import Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from services.customer_view.adapters.csv_rows import LineFeed, is_garbled, read_header, rows_of
from services.customer_view.application.ports import FileRow, RowChunk
from services.customer_view.domain.column_map import ColumnMap

_FIRST = 1 << 16  # characters, until the file has shown how long its lines are
_MOST_CHARACTERS = 1 << 22
_PLAIN_LINE = 1 << 16  # characters; the parser refuses cells of twice as many


def read(text: TextIO, path: Path, column_map: ColumnMap, size: int) -> Iterator[RowChunk]:
    """Yield the rows that `csv_rows.read` yields, about `size` at a time; raises UnreadableFile."""
    feed = LineFeed(text, path)
    header = read_header(feed, path, column_map)
    reading = _Reading(feed, len(header), [(name, header.index(name)) for name in column_map.columns], column_map)
    wanted = _FIRST
    while lines := feed.take(wanted):
        yield reading.by_column(lines) or reading.by_row(lines)
        wanted = min(size * max(sum(map(len, lines)) // len(lines), 1), _MOST_CHARACTERS)


class _Reading:
    def __init__(self, feed: LineFeed, width: int, picks: list[tuple[str, int]], column_map: ColumnMap) -> None:
        self._feed, self._width, self._picks = feed, width, picks
        self._delimiter = column_map.delimiter
        first, *others = [place for _, place in picks]
        # With one place alone it would give no tuple.
        self._pick = itemgetter(first, *others) if others else itemgetter(slice(first, first + 1))

    def by_column(self, lines: list[str]) -> RowChunk | None:
        """Return all rows at once, or None unless each is one whole line of the right width that is text."""
        text = "".join(lines)
        if is_garbled(text):
            return None
        cells = self._split(text, lines) or self._parsed(lines)
        if cells is None:
            return None
        columns = {name: _stripped(column) for (name, _), column in zip(self._picks, cells, strict=True)}
        end = self._feed.line
        return RowChunk(lines=range(end - len(lines) + 1, end + 1), columns=columns, faults=[], end=end)

    def _split(self, text: str, lines: list[str]) -> list[list[str]] | None:
        """Return the columns of lines without quotes, which read the same however simply they are parted."""
        width, delimiter = self._width, self._delimiter
        text = text.replace("\r\n", "\n").removesuffix("\n")
        # Without these a line of one column may be blank, and a cell too long for the parser.
        if width == 1 or any(odd in text for odd in ('"', "\r")) or max(map(len, lines)) > _PLAIN_LINE:
            return None
        if {line.count(delimiter) for line in lines} != {width - 1}:
            return None
        cells = text.replace("\n", delimiter).split(delimiter)
        return [cells[place::width] for _, place in self._picks]

    def _parsed(self, lines: list[str]) -> list[tuple[str, ...]] | None:
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != len(lines) or set(map(len, rows)) != {self._width}:
            return None
        return list(zip(*map(self._pick, rows), strict=True))

    def by_row(self, lines: list[str]) -> RowChunk:
        """Return the same rows, the faulty ones apart, and those that begin in these lines and end behind them."""
        until = self._feed.line
        self._feed.give_back(lines)
        good: list[FileRow] = []
        faults: list[FileRow] = []
        for row in rows_of(self._feed, self._width, self._picks, self._delimiter):
            (faults if row.cells is None else good).append(row)
            if self._feed.line >= until:
                break
        columns = {name: [row.cells[name] for row in good if row.cells] for name, _ in self._picks}
        return RowChunk(lines=[row.line for row in good], columns=columns, faults=faults, end=self._feed.line)


def _stripped(cells: Sequence[str]) -> Sequence[str]:
    together = "".join(cells)
    has_space = bool(together) and together.split(None, 1) != [together]
    return list(map(str.strip, cells)) if has_space else cells
