"""The service on either database."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import build, open_database
from services.customer_view.settings import Settings
from shared.kernel.clock import SteeredClock
from tests.unit.customer_view.rules_folder import write_rules


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/customer_view.sqlite"
    make: Callable[[], str] = request.getfixturevalue("postgres_database")
    return make()


@pytest.fixture
def clock() -> SteeredClock:
    return SteeredClock(datetime(2026, 3, 2, 1, tzinfo=UTC))


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Settings:
    rules = write_rules(tmp_path / "rules")
    variables = {"BANYAN_DATABASE_URL": database_url, "BANYAN_RULES_DIR": str(rules), "BANYAN_VAR": str(tmp_path)}
    return Settings.read(variables)


@pytest.fixture
def use_cases(settings: Settings, clock: SteeredClock) -> Iterator[UseCases]:
    database = open_database(settings)
    yield build(settings, clock)
    database.close()
