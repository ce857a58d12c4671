"""The tables that a service's code writes to are those that its migrations make, on both databases."""

import importlib
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from shared.persistence.database import Database
from shared.persistence.migrations import migrate

SERVICES = Path(__file__).parents[3] / "services"
NAMES = sorted(folder.parent.name for folder in SERVICES.glob("*/migrations"))


def _is_compared(_item: object, _name: str | None, kind: str, is_reflected: bool, _other: object) -> bool:
    # In the migrations alone are indexes that nobody but the planner need know, and tables made from the vocabulary.
    return not (kind in {"index", "table"} and is_reflected)


@pytest.mark.parametrize("dialect", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
@pytest.mark.parametrize("service", NAMES)
def test_tables_are_as_the_migrations_make_them(
    service: str, dialect: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    url = f"sqlite:///{tmp_path}/{service}.sqlite"
    if dialect == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    migrate(database, SERVICES / service / "migrations")
    metadata: sa.MetaData = importlib.import_module(f"services.{service}.adapters.tables").metadata
    with database.read() as connection:
        options = {"compare_type": True, "include_object": _is_compared}
        different = compare_metadata(MigrationContext.configure(connection, opts=options), metadata)
    database.close()
    assert different == []
