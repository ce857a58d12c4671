"""A short run of `make torture`, and whether its checker would notice: the long run is only worth what that shows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests.torture.checker import Findings
from tests.torture.driving import Run, made_run
from tests.torture.plan import KILLS, RESTARTS, make_plan
from tests.torture.progress import Progress
from tests.torture.town import Servers

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]

REQUESTS = 2_500
LIMITS = {"week-rolling", "sms-rolling", "category-rolling", "spacing", "day", "week", "calls-an-hour", "halls-a-day"}


@pytest.fixture(scope="module")
def made(own_servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Make a short run with every kind of blow; its servers stay up for the recounts."""
    plan = make_plan(REQUESTS, seed=5)
    with (
        Progress(plan) as progress,
        made_run(plan, tmp_path_factory.mktemp("torture") / "run", progress, own_servers) as run,
    ):
        yield run


@contextmanager
def changed(run: Run, statement: str, undo: str) -> Iterator[None]:
    """Change the ledger behind everybody's back for as long as the block lasts."""
    with psycopg.connect(run.town.database_url, autocommit=True) as database:
        database.execute(statement.encode())
        try:
            yield
        finally:
            database.execute(undo.encode())


def one(run: Run, query: str) -> Sequence[Any]:
    with psycopg.connect(run.town.database_url) as database:
        row = database.execute(query.encode()).fetchone()
    assert row is not None
    return row


def totals(found: Findings) -> tuple[int, int, int]:
    return found.breaches, found.lost, found.duplicated


def without_line(run: Run, word: str, folder: Path) -> Run:
    """Return the run with one line less in the first client's log: the first that begins so."""
    lines = run.logs[0].read_text("utf-8").splitlines(keepends=True)
    gone = next(place for place, line in enumerate(lines) if line.startswith(f'["{word}"') and '"permit"' in line)
    shorter = folder / "client-0.log"
    shorter.write_text("".join(lines[:gone] + lines[gone + 1 :]), "utf-8")
    return replace(run, logs=[shorter, *run.logs[1:]])


def test_no_limit_is_exceeded_and_nothing_lost_through_kills_restarts_and_skewed_clocks(made: Run) -> None:
    found = made.check()
    assert totals(found) == (0, 0, 0), found
    assert found.requests >= REQUESTS
    assert found.permits > REQUESTS / 10
    suppressed = found.notes["suppressed by"]
    assert isinstance(suppressed, dict)
    assert len(LIMITS & suppressed.keys()) >= len(LIMITS) - 2  # limits were reached, not avoided
    assert sum(made.dealt[blow] for blow in KILLS) >= 4
    assert sum(made.dealt[blow] for blow in RESTARTS) == 2
    assert "dead letters" not in found.notes


def test_the_checker_finds_a_contact_that_somebody_slipped_into_the_ledger(made: Run) -> None:
    [columns] = one(
        made,
        "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns "
        "WHERE table_schema = 'public' AND table_name = 'contact' AND column_name <> 'contact_id'",
    )
    [contact_id] = one(
        made, "SELECT contact_id FROM contact WHERE state = 'reserved' AND purpose = 'marketing' AND channel = 'sms'"
    )
    slip = (
        f"INSERT INTO contact (contact_id, {columns}) SELECT 'slipped-' || n, {columns} "  # noqa: S608 - the columns are the database's own
        f"FROM contact, generate_series(1, 5) AS n WHERE contact_id = '{contact_id}'"
    )
    with changed(made, slip, "DELETE FROM contact WHERE contact_id LIKE 'slipped-%'"):
        found = made.check()
    rules = {breach.rule_id for breach in found.excesses if breach.added.contact_id.startswith("slipped-")}
    assert {"sms-rolling", "day"} <= rules
    assert found.lost == 5  # nobody was told of them
    assert totals(made.check()) == (0, 0, 0)


def test_the_checker_finds_what_is_gone_from_the_ledger_or_stands_there_differently(made: Run) -> None:
    [contact_id] = one(made, "SELECT contact_id FROM contact WHERE state = 'released' AND decision_id > 0")
    named = f"WHERE contact_id = '{contact_id}'"
    moved = f"UPDATE contact SET expires_at = expires_at {{}} 1 {named}"  # noqa: S608 - ids of our own
    with changed(made, moved.format("+"), moved.format("-")):
        assert made.check().lost >= 1
    revived = f"UPDATE contact SET state = '{{}}' {named}"  # noqa: S608 - ids of our own
    with changed(made, revived.format("reserved"), revived.format("released")):
        assert made.check().lost >= 1
    [confirmed] = one(
        made,
        "SELECT contact_id FROM contact WHERE state = 'confirmed' AND NOT is_overrun AND contacted_at < expires_at",
    )
    flagged = f"UPDATE contact SET is_overrun = {{}} WHERE contact_id = '{confirmed}'"  # noqa: S608 - ids of our own
    with changed(made, flagged.format("true"), flagged.format("false")):
        assert made.check().breaches >= 1  # a flag nobody can explain would hide anything


def test_the_checker_finds_a_verdict_that_is_missing_from_a_log(made: Run, tmp_path: Path) -> None:
    assert without_line(made, "told", tmp_path).check().lost >= 1


def test_replicas_that_check_and_then_insert_are_found_out(own_servers: Servers, tmp_path: Path) -> None:
    plan = make_plan(3_000, seed=5, is_naive=True)
    with Progress(plan) as progress, made_run(plan, tmp_path / "run", progress, own_servers) as run:
        assert run.check().breaches > 0
