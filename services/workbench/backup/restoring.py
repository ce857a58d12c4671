"""Put a backup into empty databases."""

from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa

from services.workbench.backup.manifest import Manifest, read_manifest
from services.workbench.backup.programs import run
from shared.kernel.faults import NotAllowed
from shared.persistence.database import Database


class DatabaseNotEmpty(NotAllowed):
    """A database to restore into has tables: a backup is never mixed with what is there."""

    code = "database_not_empty"


def restore(folder: Path, urls: Mapping[str, str]) -> Manifest:
    """Restore every database of a backup, each in one transaction, in the order of the manifest.

    Raises before the first is touched: DatabaseNotEmpty, and FaultyBackup for what is damaged; BackupFailed after.
    """
    manifest = read_manifest(folder)
    databases = {dump.service: Database(urls[dump.service], pool_size=1) for dump in manifest.dumps}
    try:
        for service, database in databases.items():
            _refuse_full(service, database)
        for dump in manifest.dumps:
            options = ["--no-owner", "--no-privileges", "--exit-on-error", "--single-transaction"]
            run("pg_restore", databases[dump.service].url, [*options, str(folder / dump.file)])
    finally:
        for database in databases.values():
            database.close()
    return manifest


def _refuse_full(service: str, database: Database) -> None:
    with database.read() as connection:
        tables = sa.inspect(connection).get_table_names()
    if tables:
        message = f"the database of {service} is not empty ({len(tables)} tables): restore into a new one"
        raise DatabaseNotEmpty(message, details={"service": service})
