"""The lists in SQL."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import NEWEST_BATCH, list_entry
from services.governance.application.kept import ListKey
from services.governance.domain.contacts import ListMark
from services.governance.domain.instants import from_micros, to_micros
from shared.contracts.governance import ListedEntry, ListEntry
from shared.contracts.wire import ListName
from shared.persistence.bulk import upsert_rows
from shared.persistence.database import in_keys

_MARK = [
    list_entry.c.customer_id,
    list_entry.c.list_name,
    sa.func.nullif(list_entry.c.channel, ""),
    sa.func.nullif(list_entry.c.category, ""),
    list_entry.c.starts_at,
    list_entry.c.ends_at,
    list_entry.c.reason,
    list_entry.c.source,
]
_KEY = (list_entry.c.customer_id, list_entry.c.channel, list_entry.c.category)
_LISTED = [list_entry.c[name] for name in ListedEntry.__struct_fields__]


class SqlLists:
    """Who is on which list, in the table `list_entry`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def marks(self, customers: Sequence[str]) -> Mapping[str, list[ListMark]]:
        """Return list entries by customer."""
        query = sa.select(*_MARK).where(in_keys(list_entry.c.customer_id, customers))
        found: dict[str, list[ListMark]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row[0], []).append(ListMark._make(row))
        return found

    def page(
        self, list_name: ListName, after: ListKey | None, limit: int, customer_id: str | None = None
    ) -> list[ListedEntry]:
        """Return entries after a key, in order of theirs; of one subscriber alone where one is named."""
        query = sa.select(*_LISTED).where(list_entry.c.list_name == list_name).order_by(*_KEY).limit(limit)
        if customer_id is not None:
            query = query.where(list_entry.c.customer_id == customer_id)
        if after is not None:
            query = query.where(sa.tuple_(*_KEY) > sa.tuple_(*after))
        return [_listed(row) for row in self._connection.execute(query)]

    def put(self, list_name: ListName, entries: Sequence[ListEntry], at: int) -> None:
        """Put subscribers on a list; the same subscriber, channel and category again replaces the entry."""
        newest = self._connection.execute(NEWEST_BATCH).scalar_one()
        rows = {}
        for entry in entries:
            key = entry.customer_id, entry.channel or "", entry.category or ""
            rows[key] = {
                "customer_id": key[0],
                "list_name": list_name,
                "channel": key[1],
                "category": key[2],
                "starts_at": None if entry.starts_at is None else to_micros(entry.starts_at),
                "ends_at": None if entry.ends_at is None else to_micros(entry.ends_at),
                "reason": entry.reason,
                "source": entry.source,
                "author": entry.author,
                "put_at": at,
                "put_after": newest,
            }
        upsert_rows(self._connection, list_entry, list(rows.values()))

    def remove(self, list_name: ListName, customers: Sequence[str]) -> list[str]:
        """Take all entries of those subscribers off a list; return who was on it."""
        gone = sa.delete(list_entry).where(
            list_entry.c.list_name == list_name, in_keys(list_entry.c.customer_id, customers)
        )
        return sorted(set(self._connection.scalars(gone.returning(list_entry.c.customer_id))))


def _listed(row: Sequence[Any]) -> ListedEntry:
    fields = dict(zip(ListedEntry.__struct_fields__, row, strict=True))
    for name in ("starts_at", "ends_at", "put_at"):
        fields[name] = None if fields[name] is None else from_micros(fields[name])
    return ListedEntry(**fields | {name: fields[name] or None for name in ("channel", "category")})
