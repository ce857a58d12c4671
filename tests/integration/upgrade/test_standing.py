"""A database that a newer release has migrated, seen by an older one."""

import re
from pathlib import Path

import pytest

from shared.persistence.database import Database
from shared.persistence.migrations import SchemaTooNew, migrate, standing

_ENVIRONMENT = "from shared.persistence.migrations import run_environment\n\nrun_environment()\n"
_MIGRATION = """
from alembic import op

revision = "{revision}"
down_revision = {before}
{mark}

def upgrade() -> None:
    op.execute("CREATE TABLE made_{revision} (id int)")
"""


def release(place: Path, *marks: str) -> Path:
    """Make a folder of migrations 0001, 0002, …, each with its mark."""
    (place / "versions").mkdir(parents=True)
    (place / "env.py").write_text(_ENVIRONMENT)
    for number, mark in enumerate(marks, 1):
        before = f'"{number - 1:04d}"' if number > 1 else "None"
        text = _MIGRATION.format(revision=f"{number:04d}", before=before, mark=mark)
        (place / "versions" / f"{number:04d}.py").write_text(text)
    return place


@pytest.fixture
def database(tmp_path: Path) -> Database:
    return Database(f"sqlite:///{tmp_path / 'base.sqlite'}", pool_size=1)


COMPATIBLE = "compatible = True"


def test_an_older_release_runs_on_what_only_adds(database: Database, tmp_path: Path) -> None:
    old, new = release(tmp_path / "old", ""), release(tmp_path / "new", "", COMPATIBLE, COMPATIBLE)
    migrate(database, old)
    assert standing(database, new) == "behind"
    migrate(database, new)
    assert standing(database, old) == "ahead"
    migrate(database, old)  # as a service does when it starts: nothing to be done
    assert standing(database, new) == "same"


def test_an_older_release_is_shut_out_by_what_does_not(database: Database, tmp_path: Path) -> None:
    old, new = release(tmp_path / "old", ""), release(tmp_path / "new", "", "", COMPATIBLE)
    migrate(database, new)
    for attempt in (standing, migrate):
        with pytest.raises(SchemaTooNew, match=re.escape("knows 0002")):
            attempt(database, old)


def test_a_database_without_tables_is_behind(database: Database, tmp_path: Path) -> None:
    assert standing(database, release(tmp_path / "new", "")) == "behind"


def test_a_release_that_keeps_one_account_finds_what_it_must_know(database: Database, tmp_path: Path) -> None:
    migrate(database, release(tmp_path / "new", "", COMPATIBLE))
    with database.read() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").all() == [("0001",)]
        assert connection.exec_driver_sql("SELECT version_num FROM schema_version").all() == [("0002",)]


def test_a_database_of_such_a_release_is_taken_over(database: Database, tmp_path: Path) -> None:
    old, new = release(tmp_path / "old", ""), release(tmp_path / "new", "", COMPATIBLE)
    migrate(database, old)
    with database.write() as connection:
        connection.exec_driver_sql("DROP TABLE schema_version")
    assert standing(database, old) == "same"
    migrate(database, new)
    assert (standing(database, new), standing(database, old)) == ("same", "ahead")
