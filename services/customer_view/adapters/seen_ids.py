"""The ids a file has shown, in a private temporary SQLite database that spills to disk."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


class SeenIdsOnDisk:
    """Notes ids; memory stays bounded however many there are."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._count = 0
        connection.execute("PRAGMA cache_size=-16384")  # 16 MiB
        connection.execute("PRAGMA journal_mode=OFF")
        connection.execute("CREATE TABLE seen (id TEXT PRIMARY KEY, place INTEGER) WITHOUT ROWID")

    def first_seen(self, ids: Sequence[str]) -> set[int]:
        """Note ids; return the positions of those not seen before (of repeats within `ids`, the first)."""
        start, before = self._count, self._connection.total_changes
        self._count += len(ids)
        rows = zip(ids, range(start, self._count), strict=True)
        self._connection.executemany("INSERT OR IGNORE INTO seen VALUES (?, ?)", rows)
        if self._connection.total_changes - before == len(ids):
            return set(range(len(ids)))
        asked = "SELECT place FROM seen WHERE place >= ? AND id IN (SELECT value FROM json_each(?))"
        return {place - start for (place,) in self._connection.execute(asked, (start, json.dumps(ids)))}


@contextmanager
def seen_ids_on_disk() -> Iterator[SeenIdsOnDisk]:
    """Open a record for one file; gone afterwards."""
    connection = sqlite3.connect("", isolation_level=None)  # an empty name: temporary, deleted when closed
    try:
        connection.execute("BEGIN")
        yield SeenIdsOnDisk(connection)
    finally:
        connection.close()
