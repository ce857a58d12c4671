"""One broker as docker/rabbitmq sets it up, by TLS, and databases as docker/postgres makes them."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from services.workbench.registry import SERVICES
from tests.support import debian
from tests.support.fortress import ROOT, Certificates, Fortress
from tests.support.postgres import Postgres, find_programs
from tests.support.processes import MissingServerError

SCRIPT = ROOT / "docker" / "postgres" / "10-databases.sh"


def secret_of(service: str) -> str:
    return f"secret-of-{service}-5678"


@pytest.fixture(scope="session")
def fortress(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fortress]:
    """Start the broker; the machine needs the programs that the other private servers need, and openssl."""
    if shutil.which("openssl") is None and debian.may_install():
        debian.install(("openssl",))
    try:
        fortress = Fortress.start(tmp_path_factory.mktemp("tls"))
    except MissingServerError as missing:
        pytest.fail(str(missing), pytrace=False)
    yield fortress
    fortress.stop()


class Roles:
    """The session's PostgreSQL, with the roles and databases that docker/postgres makes."""

    def __init__(self, server: Postgres) -> None:
        self._server = server

    def make(self) -> None:
        parts = urlsplit(self._server.url)
        environment = {
            "PATH": f"{find_programs()}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "POSTGRES_USER": parts.username or "",
            "PGPASSWORD": parts.password or "",
            "PGHOST": parts.hostname or "",
            "PGPORT": str(parts.port),
            **{f"BANYAN_DATABASE_PASSWORD_{name.upper()}": secret_of(name) for name in SERVICES},
        }
        subprocess.run(["sh", str(SCRIPT)], env=environment, check=True, capture_output=True, timeout=60)

    def url(self, service: str, *, role: str | None = None, database: str | None = None) -> str:
        """Return how `role` reaches a database; both are the service's own unless named."""
        role = role or service
        parts = urlsplit(self._server.url)
        where = f"banyan_{role}:{secret_of(role)}@{parts.hostname}:{parts.port}"
        return parts._replace(netloc=where, path=f"/{database or f'banyan_{service}'}").geturl()

    def create_database(self, name: str) -> str:
        """Return the address of the database that is there already; for a Deployment."""
        return self.url(next(service for service in SERVICES if name.endswith(service)))

    def url_of(self, _name: str) -> str:
        """Return the address for every service; for a Deployment."""
        return self.url("{service}")

    def drop_database(self, _url: str) -> None:
        """Leave it: all are dropped together."""

    def drop(self) -> None:
        with psycopg.connect(self._server.url, autocommit=True, connect_timeout=10) as connection:
            for name in SERVICES:
                connection.execute(f"DROP DATABASE IF EXISTS banyan_{name} WITH (FORCE)".encode())
                connection.execute(f"DROP ROLE IF EXISTS banyan_{name}".encode())
            connection.execute(b"GRANT CONNECT, TEMPORARY ON DATABASE postgres TO PUBLIC")
            connection.execute(b"GRANT CONNECT ON DATABASE template1 TO PUBLIC")


@pytest.fixture(scope="session")
def roles(postgres: Postgres) -> Iterator[Roles]:
    """Make the roles and databases; drop them in the end."""
    roles = Roles(postgres)
    roles.drop()
    roles.make()
    yield roles
    roles.drop()


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """Make another authority, which signed nothing that we use."""
    return Certificates(tmp_path).ca
