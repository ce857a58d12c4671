"""What an import refused, as a CSV file to hand back to whoever sent the data."""

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.contracts.wire import RowFault


@contextmanager
def reject_file(path: Path) -> Iterator[Callable[[RowFault], None]]:
    """Write each fault as it comes (line, column, message); the file is there even when nothing was refused."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8-sig", newline="") as file:  # the mark lets spreadsheets see that it is UTF-8
        writer = csv.writer(file)
        writer.writerow(["line", "column", "message"])

        def write(fault: RowFault) -> None:
            writer.writerow([fault.index, fault.field, fault.message])

        yield write
