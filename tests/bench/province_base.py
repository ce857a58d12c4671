"""customer_view's database on PostgreSQL, filled with a generated province, as other parts measure over it."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import sqlalchemy as sa
from rich.progress import Progress

from services.customer_view.adapters.store import SqlStore
from services.workbench import province, registry
from shared.persistence.bulk import insert_rows
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.storage import to_storage
from tests.support.deployment import ROOT
from tests.support.postgres import Postgres

RULES = ROOT / "rules"
_SEED = 7
_PAGE = 5_000
_AT = datetime(2026, 3, 1, tzinfo=UTC)


@contextmanager
def province_base(postgres: Postgres, subscribers: int, progress: Progress) -> Iterator[tuple[str, Database, RuleBook]]:
    """Give the URL, the database and the rules; the database is dropped at the end."""
    task = progress.add_task(f"a province of {subscribers:,}", total=subscribers)
    url = postgres.create_database()
    database = Database(url, pool_size=2)
    try:
        migrate(database, registry.migrations_of("customer_view"))
        book = load_rules(RULES)
        customers = SqlStore(database).prepare(book)
        waiting = province.subscribers(_SEED, subscribers)
        while page := list(islice(waiting, _PAGE)):
            rows: list[dict[str, Any]] = [
                {"customer_id": one.customer_id, "changed_at": _AT}
                | {fact.column: to_storage(fact, one.facts.get(fact.name)) for fact in customers.facts}
                for one in page
            ]
            with database.write() as connection:
                insert_rows(connection, customers.table, rows)
            progress.advance(task, len(page))
        settle(database, "customer")
        yield url, database, book
    finally:
        database.close()
        postgres.drop_database(url)


def settle(database: Database, table: str) -> None:
    """Vacuum a table that was filled in one go, as the server would do some time later."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text(f"VACUUM ANALYZE {table}"))
