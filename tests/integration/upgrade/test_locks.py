"""A migration that does not get a table in time lets the others go first."""

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from shared.persistence import migrations
from shared.persistence.database import Database

pytestmark = pytest.mark.servers

_ENVIRONMENT = "from shared.persistence.migrations import run_environment\n\nrun_environment()\n"
_MIGRATION = """
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.execute("ALTER TABLE busy ADD COLUMN more int")
"""


def test_a_migration_tries_again_when_a_table_is_in_use(
    postgres_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "versions").mkdir()
    (tmp_path / "env.py").write_text(_ENVIRONMENT)
    (tmp_path / "versions" / "0001.py").write_text(_MIGRATION)
    database = Database(postgres_database(), pool_size=2)
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TABLE busy (id int)")
    user = database.engine.connect()
    user.exec_driver_sql("SELECT * FROM busy")  # its lock lasts as long as its transaction
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        user.rollback()

    monkeypatch.setattr(migrations, "_LOCK_SECONDS", 0.2)
    monkeypatch.setattr(migrations, "time", SimpleNamespace(sleep=sleep))
    migrations.migrate(database, tmp_path)
    assert len(pauses) == 1, "the first attempt ended for want of the lock"
    assert migrations.standing(database, tmp_path) == "same"
    user.close()
    database.close()
