"""Take the five databases at moments that lie milliseconds apart, while services run."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from services.workbench.backup.manifest import FILE, ORDER, Dump, FaultyBackup, Manifest, sum_of, write_manifest
from services.workbench.backup.programs import run
from shared.kernel.faults import InvalidRequest
from shared.persistence.database import Database
from shared.persistence.migrations import revision_of


class _Moment(NamedTuple):
    """A snapshot that a database server keeps for us, and what of it goes into the manifest."""

    database: Database
    snapshot: str
    taken_at: datetime
    revision: str


def create(folder: Path, urls: Mapping[str, str]) -> Manifest:
    """Write a backup of the databases into a new or empty folder; raises what opening them and pg_dump raise.

    All snapshots are held before the first dump begins, in ORDER; writers are not disturbed. The folder is a backup
    once its manifest is there, which is written last.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if any(folder.iterdir()):
        message = f"{folder} is not empty" + (": it holds a backup" if (folder / FILE).exists() else "")
        raise FaultyBackup(message, details={"faults": [message]})
    with ExitStack() as stack:
        moments = {service: stack.enter_context(_moment(service, urls[service])) for service in ORDER}
        manifest = Manifest(dumps=[_dump(folder, service, moment) for service, moment in moments.items()])
    write_manifest(folder, manifest)
    return manifest


@contextmanager
def _moment(service: str, url: str) -> Iterator[_Moment]:
    database = Database(url, pool_size=1)
    try:
        if database.dialect != "postgresql":
            message = f"{service} is on SQLite: copy its file while nothing runs"
            raise InvalidRequest(message, details={"field": "BANYAN_DATABASE_URL"})
        with database.snapshot() as connection:
            snapshot = str(connection.exec_driver_sql("SELECT pg_export_snapshot()").scalar_one())
            taken_at: datetime = connection.exec_driver_sql("SELECT clock_timestamp()").scalar_one()
            yield _Moment(database, snapshot, taken_at, revision_of(connection) or "")
    finally:
        database.close()


def _dump(folder: Path, service: str, moment: _Moment) -> Dump:
    path = folder / f"{service}.dump"
    options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={moment.snapshot}", f"--file={path}"]
    run("pg_dump", moment.database.url, options)
    return Dump(
        service=service,
        file=path.name,
        taken_at=moment.taken_at,
        revision=moment.revision,
        bytes=path.stat().st_size,
        sha256=sum_of(path),
    )
