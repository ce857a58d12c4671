"""What the other services know of contacts and the ledger does not: only with those could a limit be exceeded."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

import msgspec
import sqlalchemy as sa

from shared.persistence.database import Database, in_keys

_PAGE = 5_000
_KNOWN = {
    "channels": "SELECT contact_id, customer_id FROM dispatch_order WHERE contact_id > :after ORDER BY 1 LIMIT :page",
    "campaigns": "SELECT contact_id, customer_id FROM contact WHERE contact_id > :after AND state <> 'suppressed'"
    " ORDER BY 1 LIMIT :page",
}
_HEADS = ("customer_id", "reason", "source", "author", "ends_at")


class Unledgered(msgspec.Struct, frozen=True, kw_only=True):
    """A contact that a service knows as permitted and the ledger does not know at all."""

    service: str
    contact_id: str
    customer_id: str


def unledgered(urls: Mapping[str, str]) -> Iterator[Unledgered]:
    """Yield the contacts in channels and campaigns that governance's ledger lacks, a page at a time in memory."""
    ledger = Database(urls["governance"], pool_size=1)
    try:
        for service, statement in _KNOWN.items():
            database = Database(urls[service], pool_size=1)
            try:
                for page in _pages(database, statement):
                    known = _in_ledger(ledger, list(page))
                    for contact_id in sorted(page.keys() - known):
                        yield Unledgered(service=service, contact_id=contact_id, customer_id=page[contact_id])
            finally:
                database.close()
    finally:
        ledger.close()


def write_holds(path: Path, contacts: Iterable[Unledgered], until: datetime) -> int:
    """Write a file for `banyan governance list import black`, one row per subscriber; returns how many."""
    customers = sorted({one.customer_id for one in contacts})
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(_HEADS)
        for customer_id in customers:
            rows.writerow(
                [customer_id, "contacted, but not in the restored ledger", "backup", "restore", until.isoformat()]
            )
    return len(customers)


def _pages(database: Database, statement: str) -> Iterator[dict[str, str]]:
    after = ""
    while True:
        with database.read() as connection:
            rows = connection.execute(sa.text(statement), {"after": after, "page": _PAGE}).all()
        if not rows:
            return
        yield {row[0]: row[1] for row in rows}
        after = rows[-1][0]


def _in_ledger(ledger: Database, contact_ids: list[str]) -> set[str]:
    column: sa.ColumnElement[str] = sa.column("contact_id", sa.Text)
    with ledger.read() as connection:
        return set(
            connection.scalars(sa.select(column).select_from(sa.table("contact")).where(in_keys(column, contact_ids)))
        )
