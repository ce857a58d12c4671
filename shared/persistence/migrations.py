"""Bring a service's database up to date, once, however many replicas start together."""

from pathlib import Path

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config

from shared.persistence.database import Database

_LOCK = 7_226_926_001  # any constant: one lock for migrations, taken in the service's own database


def migrate(database: Database, folder: Path) -> None:
    """Apply the migrations in `folder` (a service's `migrations/`) that the database lacks.

    On PostgreSQL replicas wait for one another on an advisory lock; the embedded default has one process. However
    long a migration of a large table takes, and the wait for whoever is at it, no limit on statements ends it.
    """
    config = Config()
    config.set_main_option("script_location", str(folder))
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.text("SET statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.commit()
        try:
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
            connection.commit()
        finally:
            if database.dialect == "postgresql":
                connection.rollback()  # of a migration that failed: the lock must be given back all the same
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                connection.execute(sa.text("RESET statement_timeout"))
                connection.commit()


def run_environment() -> None:
    """Do what Alembic expects of `env.py`; every service's file calls this."""
    connection = context.config.attributes["connection"]
    context.configure(connection=connection, transaction_per_migration=True, render_as_batch=False)
    with context.begin_transaction():
        context.run_migrations()
