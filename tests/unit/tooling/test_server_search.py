"""Where the tests' servers come from: named ones, installed programs, Debian's packages, or a message that helps."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.support import debian, postgres, rabbitmq, servers
from tests.support.postgres import Postgres
from tests.support.processes import MissingServerError


@pytest.fixture(autouse=True)
def _nothing_named(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("BANYAN_TEST_AMQP_URL", "BANYAN_TEST_DATABASE_URL", "BANYAN_TEST_RABBITMQ_API"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it a machine without either server, and without the right to install."""
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(postgres, "_PLACES", ())
    monkeypatch.setattr(rabbitmq, "_search_path", lambda: "/nowhere")
    monkeypatch.setattr(debian, "may_install", lambda: False)


def test_a_named_database_server_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_TEST_DATABASE_URL", "postgresql://ann@db.example.com/postgres")
    assert servers.find_postgres().url_of("banyan_{service}") == "postgresql://ann@db.example.com/banyan_{service}"


def test_a_named_broker_without_management_is_told_the_three_ways_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_TEST_AMQP_URL", "amqp://127.0.0.1:1/")
    monkeypatch.setenv("BANYAN_TEST_RABBITMQ_API", "http://127.0.0.1:1")
    with pytest.raises(MissingServerError, match=r"rabbitmq_management.*BANYAN_TEST_RABBITMQ_API.*unset"):
        servers.find_rabbitmq()


@pytest.mark.usefixtures("_bare")
def test_a_machine_without_servers_is_told_what_to_install() -> None:
    with pytest.raises(MissingServerError, match=r"PostgreSQL.*apt-get install postgresql`.*BANYAN_TEST_DATABASE_URL"):
        servers.find_postgres()
    with pytest.raises(MissingServerError, match=r"RabbitMQ.*apt-get install rabbitmq-server`.*brew install rabbitmq`"):
        servers.find_rabbitmq()


@pytest.mark.usefixtures("_bare")
def test_where_packages_may_be_installed_they_are_and_the_server_is_started(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, ...]] = []
    started = Postgres("postgresql://fresh/postgres")

    def start(**_: object) -> Postgres:
        if not asked:
            raise MissingServerError("PostgreSQL")
        return started

    monkeypatch.setattr(Postgres, "start", start)
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", asked.append)
    assert servers.find_postgres() is started
    assert asked == [("postgresql",)]


def test_packages_are_installed_without_questions_and_without_starting_services(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy, log = tmp_path / "policy-rc.d", tmp_path / "log"
    apt = tmp_path / "apt-get"
    apt.write_text(f'#!/bin/sh\necho "$DEBIAN_FRONTEND $(sh {policy}; echo $?) $*" >> {log}\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(debian, "_POLICY", policy)
    debian.install(["postgresql"])
    update, install = log.read_text().splitlines()
    assert update.startswith("noninteractive 101 ")
    assert install.startswith("noninteractive 101 ")
    assert install.endswith("install --yes --no-install-recommends postgresql")
    assert not policy.exists()


def test_when_apt_fails_its_own_words_are_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(**_: object) -> Postgres:
        raise MissingServerError("PostgreSQL")

    def fail(_packages: object) -> None:
        raise subprocess.CalledProcessError(100, "apt-get", stderr="E: Unable to locate package postgresql\n")

    monkeypatch.setattr(Postgres, "start", missing)
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", fail)
    with pytest.raises(MissingServerError, match="Unable to locate package"):
        servers.find_postgres()
