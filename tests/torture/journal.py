"""A client's log: one JSON array a line, on its way to the disk before anything else happens; never rewritten.

    ["sent", seconds, call, kind, service, payload]    before the first message of a call goes out
    ["again", seconds, call]                           before it is sent once more
    ["told", seconds, call, answers]                   once an answer has arrived, before anything follows from it
    ["fault", seconds, call, code]                     an answer that is a fault; the call stays open

What a process has written to a file stays when the process is killed, so a killed client has told all it did.
"""

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = list[Any]


class Journal:
    """An append-only log."""

    def __init__(self, path: Path) -> None:
        """Open or continue it; half a line at the end, cut short by a kill, is dropped: it was not acted upon."""
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        size = os.fstat(self._file).st_size
        os.ftruncate(self._file, _whole_lines(self._file, size))

    def write(self, kind: str, *values: object) -> None:
        """Append an entry with the time of now."""
        line = json.dumps([kind, round(time.time(), 6), *values], ensure_ascii=False, separators=(",", ":"))
        data = line.encode() + b"\n"
        while data:
            data = data[os.write(self._file, data) :]


def read(path: Path) -> Iterator[Entry]:
    """Return the entries of a log, oldest first."""
    if path.exists():
        with path.open("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):
                    yield json.loads(line)


def _whole_lines(file: int, size: int) -> int:
    end = size
    while end:
        start = max(0, end - 65_536)
        place = os.pread(file, end - start, start).rfind(b"\n")
        if place >= 0:
            return start + place + 1
        end = start
    return 0
