"""PostgreSQL's own programs, pg_dump and pg_restore, run without a password on their command line."""

import os
import shutil
import subprocess
from collections.abc import Sequence

from sqlalchemy import URL

from shared.kernel.faults import Fault


class BackupFailed(Fault):
    """pg_dump or pg_restore ended with an error, which the message holds."""

    code = "backup_failed"


def run(program: str, url: URL, arguments: Sequence[str]) -> None:
    """Run `program` against a database until it ends; raises BackupFailed, also where it is not installed."""
    found = shutil.which(program)
    if found is None:
        message = f"{program} is not installed: it is in PostgreSQL's client package, of the server's release or newer"
        raise BackupFailed(message, details={"program": program})
    address = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    environment = {**os.environ, "PGPASSWORD": url.password or "", "PGCONNECT_TIMEOUT": "10"}
    # No time-out: a dump takes as long as it takes, and a connection that is lost ends it.
    done = subprocess.run(  # noqa: S603 - a program of PostgreSQL with our own arguments
        [found, f"--dbname={address.render_as_string()}", "--no-password", *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise BackupFailed(f"{program}: {done.stderr.strip()[-2_000:]}", details={"database": url.database})
