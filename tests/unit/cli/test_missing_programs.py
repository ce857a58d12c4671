"""Where PostgreSQL's programs are not installed the message says so, and sends nobody to look at the bus."""

import pytest
from sqlalchemy import make_url

from services.workbench.backup.programs import BackupFailed, run
from services.workbench.cli.failures import as_failure


def test_a_program_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(BackupFailed, match="pg_dump is not installed") as told:
        run("pg_dump", make_url("postgresql://nobody@nowhere/nothing"), [])
    failure = as_failure(told.value)
    assert failure is not None
    assert "bus" not in failure.advice
