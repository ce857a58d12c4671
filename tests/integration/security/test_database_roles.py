"""Each service has a database and a role of its own, made by docker/postgres; it can reach no other."""

import itertools

import psycopg
import pytest

from services.workbench.registry import SERVICES
from tests.integration.security.conftest import Roles

pytestmark = pytest.mark.servers
PAIRS = [(one, other) for one, other in itertools.permutations(SERVICES, 2)]


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url, connect_timeout=10) as connection:
        connection.execute(statement.encode())


def test_no_service_reaches_anothers_database(roles: Roles) -> None:
    for mine, other in PAIRS:
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            execute(roles.url(other, role=mine), "SELECT 1")


def test_nor_the_servers_own_databases(roles: Roles) -> None:
    for database in ("postgres", "template1"):
        with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
            execute(roles.url("governance", database=database), "SELECT 1")


def test_anothers_secret_does_not_open(roles: Roles) -> None:
    forged = roles.url("governance").replace("secret-of-governance", "secret-of-channels")
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        execute(forged, "SELECT 1")


def test_a_role_can_do_what_migrations_and_feeds_need_and_no_more(roles: Roles) -> None:
    mine = roles.url("catalogue")
    execute(mine, "CREATE TABLE tried (id int); CREATE TEMPORARY TABLE passing (id int); DROP TABLE tried")
    for forbidden in ("CREATE ROLE another", "CREATE DATABASE another", "COPY (SELECT 1) TO PROGRAM 'true'"):
        with (
            psycopg.connect(mine, autocommit=True, connect_timeout=10) as connection,
            pytest.raises(psycopg.Error, match=r"(?i)permission denied|must be superuser"),
        ):
            connection.execute(forbidden.encode())


def test_every_role_has_a_limit_of_connections(roles: Roles) -> None:
    with psycopg.connect(roles.url("catalogue"), connect_timeout=10) as connection:
        found = connection.execute(
            "SELECT rolname, rolconnlimit, rolsuper, rolcreatedb FROM pg_roles WHERE rolname LIKE 'banyan\\_%'"
        ).fetchall()
    assert {row[0]: row[1:] for row in found} == {f"banyan_{name}": (80, False, False) for name in SERVICES}
