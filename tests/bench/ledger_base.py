"""A governance database on PostgreSQL with a ledger of millions of live contacts, which can be made to grow."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from services.governance.application.use_cases import UseCases
from services.governance.dependencies import build, open_database
from services.governance.domain.instants import to_micros
from services.governance.settings import Settings
from services.workbench import registry
from shared.kernel.clock import SteeredClock
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.bench.town import RULES
from tests.support.postgres import Postgres

NOW = datetime(2026, 3, 16, 1, tzinfo=UTC)  # 09:00 in Fuzhou, a Monday in the middle of a month
CONTACTS_EACH = 5
"""Rows of the ledger for each subscriber, on average."""

_MARKETING = "applies_to: {directions: [outbound], purposes: [marketing]}"
_CALLS = "applies_to: {directions: [outbound], purposes: [marketing], channels: [outbound_call]}"
POLICIES = {
    "weekly-cap": f"kind: frequency_cap\n{_MARKETING}\nper: customer\nlimit: 3\nwindow: {{rolling: 7d}}",
    "weekly-call-cap": f"kind: frequency_cap\n{_CALLS}\nper: customer_channel\nlimit: 1\nwindow: {{rolling: 7d}}",
    "monthly-category-cap": (
        f"kind: frequency_cap\n{_MARKETING}\nper: customer_category\nlimit: 2\nwindow: {{calendar: month}}"
    ),
    "daily-spacing": f"kind: spacing\n{_MARKETING}\nper: customer\nat_least: 24h",
    "quiet-hours": (
        "kind: quiet_hours\napplies_to: {directions: [outbound]}\n"
        'weekly: [{days: [mon, tue, wed, thu, fri, sat, sun], from: "21:00", to: "09:00"}]'
    ),
    "opt-out-list": f"kind: list_effect\n{_MARKETING}\nlist: opt_out",
}
"""Four that count contacts of a subscriber, quiet hours, and a list; rule id and the rest of the rule."""

_BATCH = 5_000
_ROWS = Path(__file__).with_name("ledger_rows.sql")


@dataclass(slots=True)
class Ledger:
    """A database of governance and how many contacts and subscribers were put there."""

    url: str
    rows: int = 0
    subscribers: int = 0
    _opened: list[Database] = field(default_factory=list)

    def grow(self, rows: int) -> None:
        """Add contacts of new subscribers until there are `rows` of them, and settle the tables."""
        given = {
            "first": self.rows + 1,
            "last": rows,
            "known": self.subscribers,
            "subscribers": rows // CONTACTS_EACH - self.subscribers,
            "now": to_micros(NOW),
            "batch": _BATCH,
        }
        with psycopg.connect(self.url, autocommit=True, options="-c jit=off") as connection:
            newest = connection.execute("SELECT coalesce(max(decision_id), 0) FROM decision").fetchone()
            given["batches"] = newest[0] if newest else 0
            parts = parts_of(_ROWS)
            connection.execute(parts["decisions"], given)
            with _without_indexes(connection):
                connection.execute(parts["contacts"], given)
            connection.execute(parts["opt_outs"], given)
            connection.execute("VACUUM ANALYZE")
            connection.execute("CHECKPOINT")
        self.rows, self.subscribers = rows, rows // CONTACTS_EACH

    def service(self, rules: Path) -> UseCases:
        """Return governance on this ledger, as a process of its own would have it."""
        settings = Settings.read(variables(self.url, rules))
        self._opened.append(open_database(settings))
        return build(settings, SteeredClock(NOW))

    def close(self) -> None:
        """Hang up, so that the database can be copied or dropped."""
        for database in self._opened:
            database.close()
        self._opened.clear()


def empty_ledger(url: str) -> Ledger:
    """Return a ledger without contacts in an empty database, whose commits wait for their log from now on."""
    database = Database(url, pool_size=1)
    try:
        migrate(database, registry.migrations_of("governance"))
    finally:
        database.close()
    with psycopg.connect(url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(name))
    return Ledger(url)


def copy_of(postgres: Postgres, ledger: Ledger) -> Ledger:
    """Return an equal ledger in a database of its own; nobody may be connected to the first."""
    ledger.close()
    url = postgres.create_database()
    names = {place: sql.Identifier(urlsplit(place).path.lstrip("/")) for place in (url, ledger.url)}
    with psycopg.connect(postgres.url, autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {}").format(names[url]))
        copied = "CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy"
        connection.execute(sql.SQL(copied).format(names[url], names[ledger.url]))
        connection.execute(sql.SQL("ALTER DATABASE {} SET synchronous_commit = on").format(names[url]))
    return Ledger(url, ledger.rows, ledger.subscribers)


def write_policies(folder: Path) -> Path:
    """Write a rule folder with the six policies and no others."""
    for name, body in POLICIES.items():
        place = folder / "contact_policy" / name
        place.mkdir(parents=True)
        told = "，已有{used}次" if "limit:" in body else ""
        head = f"id: {name}\nowner: bench\nbecause: {{zh: '{name}{told}', en: '{name}'}}\n"
        (place / "rule.yaml").write_text(f"{head}{body}\n", "utf-8")
        (place / "cases.yaml").write_text("[]\n", "utf-8")
    (folder / "vocabulary.yaml").write_bytes((RULES / "vocabulary.yaml").read_bytes())
    return folder


def variables(url: str, rules: Path) -> dict[str, str]:
    """Return the settings of a governance process on that database with those rules."""
    return {"BANYAN_DATABASE_URL": url, "BANYAN_RULES_DIR": str(rules), "BANYAN_VAR": str(rules.parent)}


def parts_of(file: Path) -> dict[str, Any]:
    """Return the statements of a file by the names in its `-- part:` lines."""
    found = {}
    for part in file.read_text("utf-8").split("-- part: ")[1:]:
        name, statement = part.split("\n", maxsplit=1)
        found[name.strip()] = statement
    return found


@contextmanager
def _without_indexes(connection: "psycopg.Connection[Any]") -> Iterator[None]:
    """Put the indexes of `contact` aside and build them anew: many times as fast as keeping them up to date."""
    connection.execute("SET maintenance_work_mem = '512MB'")
    found = connection.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'contact' AND indexname <> 'contact_pkey'"
    ).fetchall()
    connection.execute("ALTER TABLE contact DROP CONSTRAINT contact_pkey")
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    yield
    connection.execute("ALTER TABLE contact ADD PRIMARY KEY (contact_id)")
    for _, definition in found:
        connection.execute(sql.SQL(definition))
