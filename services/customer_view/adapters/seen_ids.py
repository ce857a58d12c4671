"""The ids a file has shown, in a private temporary SQLite database that spills to disk."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class SeenIdsOnDisk:
    """Notes ids; memory stays bounded however many there are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        connection.execute("PRAGMA cache_size=-16384")  # 16 MiB
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY) WITHOUT ROWID")

    def first_seen(self, ids: Sequence[str]) -> set[int]:
        """Note ids; return the positions of those not seen before (of repeats within `ids`, the first)."""
        add = "INSERT OR IGNORE INTO seen VALUES (?)"
        return {position for position, one in enumerate(ids) if self._connection.execute(add, (one,)).rowcount}


@contextmanager
def seen_ids_on_disk() -> Iterator[SeenIdsOnDisk]:
    """Open a record for one file; gone afterwards."""
    connection = sqlite3.connect("", isolation_level=None)  # an empty name: temporary, deleted when closed
    try:
        connection.execute("BEGIN")
        yield SeenIdsOnDisk(connection)
    finally:
        connection.close()
