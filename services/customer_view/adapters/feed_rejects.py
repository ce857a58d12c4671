"""Refusals of a feed as a CSV file, cut on each start to what the database knows of."""

import csv
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.customer_view.application.faults import RejectsLost
from services.customer_view.application.feed_state import Reject

_HEAD = ("line", "column", "reason", "cell")


class RejectFile:
    """Port `Rejects` on an open file."""

    def __init__(self, file: io.BufferedRandom) -> None:
        self._file = file

    def write(self, rejects: Sequence[Reject]) -> int:
        """Append refusals and wait until the disk has them; return how long the file is then."""
        if rejects:
            self._append([(one.line, one.column, one.reason, one.cell) for one in rejects])
        return self._file.tell()

    def _append(self, rows: Sequence[Sequence[object]]) -> None:
        text = io.StringIO(newline="")
        csv.writer(text).writerows(rows)
        self._file.write(text.getvalue().encode(errors="replace"))
        self._file.flush()
        os.fsync(self._file.fileno())


class NoRejects:
    """Port `Rejects` where nobody wants them."""

    def write(self, rejects: Sequence[Reject]) -> int:  # noqa: ARG002 - the port's shape
        """Write nothing."""
        return 0


@contextmanager
def open_rejects(path: str, length: int) -> Iterator[RejectFile | NoRejects]:
    """Open the file of a path (none: nothing is written), cut to a length, 0 for anew; raises RejectsLost."""
    if not path:
        yield NoRejects()
        return
    place = Path(path)
    there = place.stat().st_size if place.is_file() else 0
    if there < length:
        message = f"{path}: the refusals so far are not there; put the file back, or start anew with --again"
        raise RejectsLost(message, details={"field": "rejects", "bytes": there, "expected": length})
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("r+b" if length else "w+b") as file:
        file.truncate(length)
        file.seek(length)
        rejects = RejectFile(file)
        if not length:
            file.write(b"\xef\xbb\xbf")  # the mark lets spreadsheets see that it is UTF-8
            rejects.write([])
            file.write((",".join(_HEAD) + "\r\n").encode())
            file.flush()
        yield rejects
