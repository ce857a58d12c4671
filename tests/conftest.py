"""Fixtures every test may ask for: private servers, started by the first test that needs one."""

from collections.abc import Callable, Iterator

import pytest

from tests.support.postgres import Postgres
from tests.support.processes import MissingServerError
from tests.support.rabbitmq import RabbitMQ
from tests.support.servers import find_postgres, find_rabbitmq


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """Find or start the session's PostgreSQL server."""
    try:
        server = find_postgres()
    except MissingServerError as missing:
        pytest.fail(str(missing), pytrace=False)
    yield server
    server.stop()


@pytest.fixture(scope="session")
def broker() -> Iterator[RabbitMQ]:
    """Find or start the session's RabbitMQ node."""
    try:
        server = find_rabbitmq()
    except MissingServerError as missing:
        pytest.fail(str(missing), pytrace=False)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def postgres_database(postgres: Postgres) -> Iterator[Callable[[], str]]:
    """Call it for the URL of one more empty database; all are dropped after the module."""
    made: list[str] = []

    def make() -> str:
        made.append(postgres.create_database())
        return made[-1]

    yield make
    for url in made:
        postgres.drop_database(url)


@pytest.fixture(scope="module")
def postgres_url(postgres_database: Callable[[], str]) -> str:
    """Return the URL of an empty database, the same for the whole test module."""
    return postgres_database()


@pytest.fixture(scope="module")
def amqp_url(broker: RabbitMQ) -> Iterator[str]:
    """Return the URL of an empty virtual host, the same for the whole test module."""
    url = broker.create_vhost()
    yield url
    broker.delete_vhost(url)
