"""Write `report.json` piece by piece, one contact a line, so that memory does not grow with the base."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import msgspec

_ENCODER = msgspec.json.Encoder(order="sorted")


class Record:
    """An open `report.json`: single values first, then lists that are streamed."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._separator = ""

    def put(self, key: str, value: object) -> None:
        """Write one value whole (a struct, or builtins)."""
        self._key(key)
        self._stream.write(_ENCODER.encode(value).decode())

    def put_all(self, key: str, items: Iterable[object]) -> int:
        """Write a list item by item, a line each; return how many."""
        self._key(key)
        self._stream.write("[")
        count = 0
        for count, item in enumerate(items, start=1):
            self._stream.write(("\n" if count == 1 else ",\n") + _ENCODER.encode(item).decode())
        self._stream.write("\n]")
        return count

    def _key(self, key: str) -> None:
        self._stream.write(f"{self._separator}{_ENCODER.encode(key).decode()}: ")
        self._separator = ",\n"


@contextmanager
def open_record(path: Path) -> Iterator[Record]:
    """Open `path` for a new record; it replaces an older one only when the block ends well."""
    partial = path.with_suffix(".partial")
    with partial.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write("{\n")
        yield Record(stream)
        stream.write("\n}\n")
    partial.replace(path)
