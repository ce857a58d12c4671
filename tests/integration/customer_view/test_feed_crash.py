"""A feed whose process is killed, again and again, ends as one that never was."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.customer_view.application.feed_ports import FileOrder
from services.customer_view.dependencies import build_feeds, list_feeds, open_database
from services.customer_view.settings import Settings
from tests.integration.customer_view.feed_files import HEADER, rejects_in, table_of, told, write_map
from tests.unit.customer_view.rules_folder import PROJECT

_ROWS = 5_000
_PLACES = ("rejects", "position", "stored")


def run(settings: Settings, folder: Path, name: str, place: str, calls: int) -> int:
    """Load the file in a process that is killed at a call; return its exit code."""
    program = [sys.executable, "-m", "tests.integration.customer_view.feed_program", place, str(calls)]
    files = [folder / "month.csv", folder / "map.yaml", folder / f"{name}.csv"]
    environment = dict(os.environ) | {
        "BANYAN_DATABASE_URL": settings.database_url,
        "BANYAN_RULES_DIR": str(settings.rules),
        "BANYAN_VAR": str(folder),
    }
    return subprocess.run(
        [*program, *map(str, files)], cwd=PROJECT, env=environment, timeout=120, capture_output=True, check=False
    ).returncode


@pytest.fixture
def month(tmp_path: Path) -> Path:
    rows = [f"{n % 4_990},{n % 130},男,{n}.5,1,1,,a{n % 3},,,,\n" for n in range(_ROWS)]
    (tmp_path / "month.csv").write_text(HEADER + "".join(rows), encoding="utf-8")
    write_map(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def opened(settings: Settings) -> Iterator[None]:
    """Keep one connection pool for the whole test."""
    database = open_database(settings)
    yield
    database.close()


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.servers)], indirect=True)
def test_killed_at_seeded_moments_it_ends_as_if_never_killed(settings: Settings, month: Path) -> None:
    draws = random.Random(7)
    for place in _PLACES:
        assert run(settings, month, "rejects", place, draws.randint(2, 5)) == -signal.SIGKILL
        state = list_feeds(settings)[0]
        assert state.finished_at is None
        assert len(table_of(settings)) == state.written
    assert run(settings, month, "rejects", "nowhere", 0) == 0
    state = list_feeds(settings)[0]
    url = f"sqlite:///{month}/unkilled.sqlite"
    other = Settings.read({"BANYAN_DATABASE_URL": url, "BANYAN_RULES_DIR": str(settings.rules)})
    order = FileOrder(month / "month.csv", month / "map.yaml", "month", month / "unkilled.csv")
    alone = build_feeds(other).load(order).state
    assert table_of(settings) == table_of(other)
    assert rejects_in(month / "rejects.csv") == rejects_in(month / "unkilled.csv")
    assert len(rejects_in(month / "rejects.csv")) == state.refused + state.bad_cells
    assert sorted(one.customer_id for one in told(settings)) == [row[0] for row in table_of(settings)]
    assert (state.rows, state.written, state.refused, state.changed) == (_ROWS, 4_990, 10, 4_990)
    assert (state.unknown, state.last_rejects) == (alone.unknown, alone.last_rejects)
