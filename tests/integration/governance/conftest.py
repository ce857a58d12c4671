"""Every test here runs on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.integration.governance.world import BLACK, WEEKLY, World

Make = Callable[..., World]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the URL of an empty database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/governance.sqlite"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


@pytest.fixture
def make_on(tmp_path: Path) -> Iterator[Callable[[str, Mapping[str, str]], World]]:
    """Call it with a database's URL and policies by name for a service that keeps them."""
    worlds: list[World] = []

    def make(url: str, policies: Mapping[str, str]) -> World:
        worlds.append(World(url, tmp_path, policies))
        return worlds[-1]

    yield make
    for world in worlds:
        world.close()


@pytest.fixture
def make_world(make_on: Callable[[str, Mapping[str, str]], World], database_url: str) -> Make:
    """Call it with policies by name, or nothing for a weekly cap and the black list."""

    def make(policies: Mapping[str, str] | None = None) -> World:
        return make_on(database_url, {"weekly": WEEKLY, "black": BLACK} if policies is None else policies)

    return make


@pytest.fixture
def world(make_world: Make) -> World:
    """Return a service with a cap of two marketing contacts in seven days, and the black list."""
    return make_world()
