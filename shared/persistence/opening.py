"""One `Database` object per database and process, brought up to date when it is first opened."""

from pathlib import Path
from weakref import WeakValueDictionary

from shared.persistence.database import Database
from shared.persistence.migrations import migrate

_open: WeakValueDictionary[str, Database] = WeakValueDictionary()


def open_database(url: str, migrations: Path) -> Database:
    """Return the database at `url`, migrated; the same object for all who hold it in this process.

    Shared because on SQLite the writers of one process take turns by a lock inside it.
    """
    database = _open.get(url)
    if database is None:
        database = Database(url)
        migrate(database, migrations)
        _open[url] = database
    return database
