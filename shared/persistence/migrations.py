"""Bring a service's database up to date, once, however many replicas start together; releases that run side by side.

Migrations only add (tables, columns with a default, indexes), so that the release before goes on working on what they
leave; such a migration says `compatible = True`. One that does not say so shuts older releases out. Two tables keep
account of it: `schema_version` holds the newest revision applied, `alembic_version` the newest that a release must
know to run. The latter is what releases before this rule compare with their own newest.
"""

import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Literal

import sqlalchemy as sa
from alembic import command, context
from alembic.config import Config
from alembic.runtime.migration import MigrationContext, MigrationInfo
from alembic.script import ScriptDirectory

from shared.kernel.faults import NotAllowed
from shared.persistence.database import Database

_LOCK = 7_226_926_001  # any constant: one lock for migrations, taken in the service's own database
_APPLIED, _NEEDED = "schema_version", "alembic_version"
_LOCK_SECONDS = 5
_TRIES = 60
_PAUSE_SECONDS = 1.0
Standing = Literal["behind", "same", "ahead"]


class SchemaTooNew(NotAllowed):
    """A migration has been applied that this release cannot run beside."""

    code = "schema_too_new"


def migrate(database: Database, folder: Path) -> None:
    """Apply the migrations in `folder` (a service's `migrations/`) that the database lacks; none where it is ahead.

    On PostgreSQL replicas wait for one another on an advisory lock; the embedded default has one process. However
    long a migration of a large table takes, and the wait for whoever is at it, no limit on statements ends it. But it
    waits 5 s at most for a table that others use, since everybody would queue up behind it, and tries again, for
    five minutes. Raises SchemaTooNew.
    """
    config = Config()
    config.set_main_option("script_location", str(folder))
    with database.engine.connect() as connection:
        if database.dialect == "postgresql":
            connection.execute(sa.text("SET statement_timeout = 0"))
            connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
            connection.execute(sa.text(f"SET lock_timeout = '{_LOCK_SECONDS}s'"))
            connection.commit()
        try:
            _adopt(connection)
            if _compare(connection, folder) == "behind":
                config.attributes["connection"] = connection
                _upgrade(connection, config)
        finally:
            if database.dialect == "postgresql":
                connection.rollback()  # of a migration that failed: the lock must be given back all the same
                connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
                connection.execute(sa.text("RESET statement_timeout"))
                connection.execute(sa.text("RESET lock_timeout"))
                connection.commit()


def standing(database: Database, folder: Path) -> Standing:
    """Tell how a database stands to the migrations of this release; raises SchemaTooNew, changes nothing.

    `ahead` is one that a newer release has migrated and that this release can run on.
    """
    with database.read() as connection:
        return _compare(connection, folder)


def revision_of(connection: sa.Connection) -> str | None:
    """Return the newest revision applied to a database; None for one without any."""
    return _read(connection, _APPLIED) or _read(connection, _NEEDED)


def run_environment() -> None:
    """Do what Alembic expects of `env.py`; every service's file calls this."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        transaction_per_migration=True,
        render_as_batch=False,
        version_table=_APPLIED,
        on_version_apply=_note_needed,
    )
    with context.begin_transaction():
        context.run_migrations()


def _compare(connection: sa.Connection, folder: Path) -> Standing:
    scripts = ScriptDirectory(str(folder))
    known = {script.revision for script in scripts.walk_revisions()}
    applied, needed = revision_of(connection), _read(connection, _NEEDED)
    if applied == scripts.get_current_head():
        return "same"
    if applied is None or applied in known:
        return "behind"
    if needed is not None and needed not in known:
        message = f"the database is at {applied}, which needs a release that knows {needed}: run that release"
        raise SchemaTooNew(message, details={"revision": applied, "needed": needed})
    return "ahead"


def _upgrade(connection: sa.Connection, config: Config) -> None:
    """Apply what lacks; a migration that did not get its table in time is rolled back and tried again."""
    for attempt in range(1, _TRIES + 1):
        try:
            command.upgrade(config, "head")
            connection.commit()
        except sa.exc.OperationalError as fault:
            connection.rollback()
            if getattr(fault.orig, "sqlstate", None) != "55P03" or attempt == _TRIES:  # lock_not_available
                raise
            time.sleep(_PAUSE_SECONDS)
        else:
            return


def _adopt(connection: sa.Connection) -> None:
    """Take over a database of a release that kept one account."""
    applied = _read(connection, _APPLIED)
    before = _read(connection, _NEEDED)
    if applied is None and before is not None:
        MigrationContext.configure(connection, opts={"version_table": _APPLIED})._ensure_version_table()  # noqa: SLF001 - Alembic has no other way to make it
        connection.execute(sa.text(f"INSERT INTO {_APPLIED} (version_num) VALUES (:revision)"), {"revision": before})  # noqa: S608 - our own name
    connection.commit()


def _note_needed(
    ctx: MigrationContext,
    step: MigrationInfo,  # noqa: ARG001 - Alembic's signature
    heads: Collection[Any],
    run_args: Mapping[str, Any],  # noqa: ARG001 - likewise
) -> None:
    """Write down the newest revision applied that is not compatible with releases before it."""
    scripts = context.script
    applied = scripts.iterate_revisions(tuple(heads), "base") if heads else ()
    needed = next((one.revision for one in applied if not getattr(one.module, "compatible", False)), None)
    connection = ctx.connection
    if connection is None:
        return
    MigrationContext.configure(connection)._ensure_version_table()  # noqa: SLF001 - as above
    connection.execute(sa.text(f"DELETE FROM {_NEEDED}"))  # noqa: S608 - our own name
    if needed is not None:
        connection.execute(sa.text(f"INSERT INTO {_NEEDED} (version_num) VALUES (:revision)"), {"revision": needed})  # noqa: S608 - likewise


def _read(connection: sa.Connection, table: str) -> str | None:
    if not sa.inspect(connection).has_table(table):
        return None
    found: str | None = connection.scalar(sa.text(f"SELECT version_num FROM {table}"))  # noqa: S608 - our own names
    return found
