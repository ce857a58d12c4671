"""A private PostgreSQL: own folder, own port, gone with the process that started it."""

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit, urlunsplit

import psycopg

from tests.support.processes import Guarded, MissingServerError, free_port, give, identity, make_folder, server_user

_PLACES = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql*/bin",
    "/usr/local/opt/postgresql*/bin",
)
_START_SECONDS = 60


class Postgres:
    """A PostgreSQL server on which databases may be made and dropped."""

    def __init__(self, url: str, guarded: Guarded | None = None) -> None:
        self.url = url
        self._guarded = guarded

    @classmethod
    def start(cls, *, durable: bool = False) -> Self:
        """Start a private server; raises MissingServerError without the programs.

        `durable` waits for the disk at each commit, as production does; tests do without.
        """
        programs = find_programs()
        user = server_user("postgres")
        folder = make_folder("postgres", user)
        password = secrets.token_urlsafe(12)
        try:
            _initialise(programs, folder, user, password)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        port = free_port()
        command = [str(programs / "postgres"), "-D", str(folder / "data"), *_options(folder, port, durable=durable)]
        # SIGQUIT is PostgreSQL's immediate stop; its data are not needed again.
        guarded = Guarded(folder, [command], _environment(folder), user=user, stop="SIGQUIT")
        server = cls(f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres", guarded)
        guarded.wait_until(server._answers, seconds=_START_SECONDS)
        return server

    def create_database(self, name: str | None = None) -> str:
        """Make an empty database, by a name nobody else has unless one is given, and return its URL."""
        name = name or f"banyan_{secrets.token_hex(6)}"
        self._execute(f"CREATE DATABASE {name}")
        return self.url_of(name)

    def url_of(self, database: str) -> str:
        """Return the URL of a database of this server; `{service}` in its name stays as written."""
        parts = urlsplit(self.url)
        return urlunsplit(parts._replace(path=f"/{database}"))

    def drop_database(self, url: str) -> None:
        """Drop a database made by `create_database`, whoever is still connected."""
        self._execute(f"DROP DATABASE IF EXISTS {urlsplit(url).path.lstrip('/')} WITH (FORCE)")

    def restart(self, *, is_hard: bool) -> None:
        """Restart our own server: as `pg_ctl -m immediate` does, which leaves it to recover, or after a clean stop."""
        self._own().restart("SIGQUIT" if is_hard else "SIGINT", self._answers, seconds=_START_SECONDS)

    def down(self) -> None:
        """End our own server as `pg_ctl -m immediate` does; `up` starts it again, to recover."""
        self._own().down("SIGQUIT")

    def up(self) -> None:
        """Start it again."""
        self._own().up(self._answers, seconds=_START_SECONDS)

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Halt our own server for the length of the block: its sockets stay open, and nothing answers."""
        postmaster = int((self._own().folder / "data" / "postmaster.pid").read_text().splitlines()[0])
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            backends = [pid for (pid,) in connection.execute("SELECT pid FROM pg_stat_activity") if pid]
            everybody = [postmaster, *backends]
            _signal_all(everybody, signal.SIGSTOP)
            try:
                yield
            finally:
                _signal_all(everybody, signal.SIGCONT)

    def stop(self) -> None:
        """Stop the server, if it is ours."""
        if self._guarded:
            self._guarded.stop()

    def _own(self) -> Guarded:
        if self._guarded is None:
            raise MissingServerError("a PostgreSQL of our own: one that was only named is not restarted")
        return self._guarded

    def _execute(self, statement: str) -> None:
        with psycopg.connect(self.url, autocommit=True, connect_timeout=10) as connection:
            connection.execute(statement.encode())

    def _answers(self) -> bool:
        with contextlib.suppress(psycopg.OperationalError):
            self._execute("SELECT 1")
            return True
        return False


def find_programs() -> Path:
    """Return the folder of initdb and postgres, the newest release first; raises MissingServerError."""
    on_path = shutil.which("initdb")
    found = [Path(on_path).resolve().parent] if on_path else []
    for place in _PLACES:
        found += sorted(Path("/").glob(place.lstrip("/")), key=_release, reverse=True)
    for folder in found:
        if (folder / "postgres").exists() and (folder / "initdb").exists():
            return folder
    msg = "PostgreSQL (initdb, postgres)"
    raise MissingServerError(msg)


def _signal_all(pids: Sequence[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


def _release(folder: Path) -> float:
    digits = "".join(letter for letter in str(folder) if letter.isdigit() or letter == ".")
    with contextlib.suppress(ValueError):
        return float(digits)
    return 0.0


def _initialise(programs: Path, folder: Path, user: str | None, password: str) -> None:
    secret = folder / "password"
    secret.write_text(password)
    give(secret, user)
    command = [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", "-A", "scram-sha-256"]
    subprocess.run(
        [*command, "--pwfile", str(secret), "-E", "UTF8", "--no-locale", "--no-sync"],
        env=_environment(folder),
        cwd=folder,
        check=True,
        capture_output=True,
        timeout=_START_SECONDS,
        **identity(user),
    )


def _environment(folder: Path) -> dict[str, str]:
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": str(folder), "LC_ALL": "C", "TZ": "UTC"}


def _options(folder: Path, port: int, *, durable: bool) -> list[str]:
    settings = {
        "listen_addresses": "127.0.0.1",
        "port": port,
        "unix_socket_directories": folder,
        "shared_buffers": "256MB",
        "work_mem": "32MB",
        "maintenance_work_mem": "128MB",
        "max_wal_size": "2GB",
        "max_connections": 200,
        "random_page_cost": 1.1,
    }
    if not durable:
        settings |= {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    return [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
