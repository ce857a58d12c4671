"""Rows of a CSV file by the column, thousands at a time; wherever something is odd, row by row after all."""

import csv
from collections.abc import Iterator
from operator import itemgetter
from pathlib import Path
from typing import TextIO

from services.customer_view.adapters.csv_rows import LineFeed, is_garbled, read_header, rows_of
from services.customer_view.application.ports import FileRow, RowChunk
from services.customer_view.domain.column_map import ColumnMap

_FIRST = 1 << 16  # characters, until the file has shown how long its lines are
_MOST_CHARACTERS = 1 << 22


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
        if is_garbled("".join(lines)):
            return None
        try:
            rows = list(csv.reader(lines, delimiter=self._delimiter, strict=True))
        except csv.Error:
            return None
        if len(rows) != len(lines) or set(map(len, rows)) != {self._width}:
            return None
        picked = zip(*map(self._pick, rows), strict=True)
        columns = {name: list(map(str.strip, cells)) for (name, _), cells in zip(self._picks, picked, strict=True)}
        end = self._feed.line
        return RowChunk(lines=range(end - len(lines) + 1, end + 1), columns=columns, faults=[], end=end)

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
