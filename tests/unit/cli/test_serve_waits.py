"""`banyan serve` waits for a database server that does not answer yet, and for nothing that waiting cannot mend."""

import time
from pathlib import Path

import pytest

from services.workbench import registry
from services.workbench.cli import serving
from shared.kernel.faults import NotAllowed
from shared.observability import logging
from shared.persistence.database import Database
from shared.persistence.migrations import migrate

NOBODY = "postgresql://nobody@127.0.0.1:1/banyan_{service}"


@pytest.fixture(autouse=True)
def _quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the logging of the test session as it is."""
    monkeypatch.setattr(logging, "configure_logging", lambda _style: None)


def test_serve_waits_until_the_server_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here = f"sqlite:///{tmp_path}/{{service}}.sqlite"
    database = Database(here.replace("{service}", "catalogue"))
    migrate(database, registry.migrations_of("catalogue"))
    database.close()
    monkeypatch.setenv("BANYAN_DATABASE_URL", NOBODY)
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 8:
            monkeypatch.setenv("BANYAN_DATABASE_URL", here)

    monkeypatch.setattr(time, "sleep", sleep)
    serving._await_databases(["catalogue"])
    assert pauses == [0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


def test_a_database_that_lacks_a_migration_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BANYAN_DATABASE_URL", f"sqlite:///{tmp_path}/{{service}}.sqlite")
    with pytest.raises(NotAllowed, match="banyan migrate catalogue"):
        serving._await_databases(["catalogue"])
