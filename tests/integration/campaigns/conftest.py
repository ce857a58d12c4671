"""Both databases, one per test module and brought up to date; emptied before every test that asks for `base`."""

from collections.abc import Iterator

import pytest

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
