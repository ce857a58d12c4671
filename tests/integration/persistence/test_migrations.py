"""Migrations of large tables take longer than any statement may take otherwise."""

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.persistence import database as module
from shared.persistence.database import Database
from shared.persistence.migrations import migrate

pytestmark = pytest.mark.servers

_ENVIRONMENT = "from shared.persistence.migrations import run_environment\n\nrun_environment()\n"
_MIGRATION = """
import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("SELECT pg_sleep(0.6)")
    op.create_table("moved", sa.Column("id", sa.Integer))
    op.execute("{last}")
"""


@pytest.fixture
def database(postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> Database:
    monkeypatch.setattr(module, "_STATEMENT_SECONDS", 0.3)
    return Database(postgres_database(), pool_size=1)


def folder(place: Path, last: str = "SELECT 1") -> Path:
    (place / "versions").mkdir(parents=True)
    (place / "env.py").write_text(_ENVIRONMENT)
    (place / "versions" / "0001_slow.py").write_text(_MIGRATION.format(last=last))
    return place


def test_a_migration_may_take_longer_than_other_statements(database: Database, tmp_path: Path) -> None:
    migrate(database, folder(tmp_path / "slow"))
    with database.read() as connection:
        assert sa.inspect(connection).has_table("moved")
        assert connection.exec_driver_sql("SHOW statement_timeout").scalar() == "300ms", "for all others it holds again"
    database.close()


def test_a_migration_that_fails_says_so_and_gives_its_lock_back(database: Database, tmp_path: Path) -> None:
    with pytest.raises(sa.exc.ProgrammingError, match="no_such_table"):
        migrate(database, folder(tmp_path / "faulty", "SELECT * FROM no_such_table"))
    with database.read() as connection:
        held = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"
        assert connection.exec_driver_sql(held).scalar() == 0
        assert not sa.inspect(connection).has_table("moved")
    database.close()
