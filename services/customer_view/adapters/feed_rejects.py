"""Refusals of a feed as a CSV file, cut on each start to what the database knows of."""

import csv
import fcntl
import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from services.customer_view.application.faults import FeedTaken, RejectsLost
from services.customer_view.application.feed_state import Reject

_HEAD = b"\xef\xbb\xbfline,column,reason,cell\r\n"  # the mark lets spreadsheets see that it is UTF-8


class RejectFile:
    """Port `Rejects` on an open file."""

    def __init__(self, file: io.BufferedRandom) -> None:
        self._file = file

    def write(self, rejects: Sequence[Reject]) -> int:
        """Append refusals and wait until the disk has them; return how long the file is then."""
        if rejects:
            text = io.StringIO(newline="")
            csv.writer(text).writerows((one.line, one.column, one.reason, one.cell) for one in rejects)
            self._file.write(text.getvalue().encode(errors="replace"))
            self._file.flush()
            os.fsync(self._file.fileno())
        return self._file.tell()


class NoRejects:
    """Port `Rejects` where nobody wants them."""

    def write(self, rejects: Sequence[Reject]) -> int:  # noqa: ARG002 - the port's shape
        """Write nothing."""
        return 0


@contextmanager
def open_rejects(path: str, length: int) -> Iterator[RejectFile | NoRejects]:
    """Open the file of a path (none: nothing is written), cut to a length, 0 for anew.

    Raises RejectsLost where it is shorter, and FeedTaken while another process has it open.
    """
    if not path:
        yield NoRejects()
        return
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with Path(path).open("a+b") as held:  # opened for appending it is neither made anew nor cut before it is ours
        _hold(held, path)
        there = held.seek(0, os.SEEK_END)
        if there < length:
            message = f"{path}: the refusals so far are not there; put the file back, or start anew with --again"
            raise RejectsLost(message, details={"field": "rejects", "bytes": there, "expected": length})
        held.truncate(length)
        held.seek(0, os.SEEK_END)
        if not length:
            held.write(_HEAD)
            held.flush()
        yield RejectFile(held)


def _hold(file: io.BufferedRandom, path: str) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        message = f"{path}: another process writes to it: let one of them work"
        raise FeedTaken(message, details={"field": "rejects"}) from None
