"""Both databases, brought up to date: one per module, emptied for each test (`base`), or one per test (`store`)."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from services.campaigns.adapters.store import SqlStore
from services.campaigns.application.store_ports import Store
from services.campaigns.dependencies import MIGRATIONS
from shared.persistence import Database
from shared.persistence.migrations import migrate
from tests.integration.campaigns.base import empty


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def both(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    url = f"sqlite:///{tmp_path_factory.mktemp('base')}/campaigns.sqlite"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")()
    database = Database(url)
    migrate(database, MIGRATIONS)
    yield database
    database.close()


@pytest.fixture
def base(both: Database) -> Database:
    """Return the database, its tables empty."""
    empty(both)
    return both


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/campaigns.sqlite"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    database = Database(url)
    migrate(database, MIGRATIONS)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> Store:
    return SqlStore(database)
