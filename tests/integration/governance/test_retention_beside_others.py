"""Retention beside everybody who writes: nothing breaks, no window is wrong because of it, no table is read whole."""

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.governance.adapters import retention
from services.governance.dependencies import open_database
from tests.integration.governance.pruned_world import POLICIES, keeping, prune
from tests.integration.governance.world import HALL, WEEKLY, World

Make = Callable[[str, Mapping[str, str]], World]
pytestmark = pytest.mark.servers


def test_deleting_while_others_reserve_breaks_nothing(
    make_on: Make, postgres_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world = keeping(make_on(postgres_database(), {"weekly": WEEKLY, "hall": HALL}), 1)
    monkeypatch.setattr(retention, "CHUNK", 20)
    for batch in range(30):
        world.use.reserve([world.ask(f"old-{batch}-{n}", 1 + n % 5, customer_id=f"s{n}") for n in range(20)])
    world.pass_hours(24 * 20)
    faults: list[BaseException] = []
    start = threading.Barrier(4)
    is_over = threading.Event()

    def write(writer: int) -> None:
        use = world.another()
        start.wait()
        try:
            for turn in range(25):
                told = use.reserve(
                    [
                        world.ask(f"{writer}-{turn}-{n}", 24 * 20 + 1 + turn, customer_id=f"s{n}", channel="hall")
                        for n in range(20)
                    ]
                )
                use.confirm([one.contact_id for one in told if one.verdict == "permit"])
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    def delete() -> None:
        use = world.another()
        start.wait()
        try:
            while not is_over.is_set():
                use.prune()
        except BaseException as fault:  # noqa: BLE001 - a thread's fault must reach the test
            faults.append(fault)

    writers = [threading.Thread(target=write, args=(number,)) for number in range(2)]
    _run(writers, [threading.Thread(target=delete) for _ in range(2)], is_over)
    assert faults == []
    while not prune(world).is_finished:
        pass
    assert world.rows("SELECT 1 FROM contact WHERE contact_id LIKE 'old-%'") == []
    assert world.rows("SELECT 1 FROM suppression WHERE contact_id LIKE 'old-%'") == []
    rows = world.rows("SELECT customer_id, planned_at FROM contact ORDER BY planned_at")
    assert rows
    assert not _overfull(rows)


def _run(writers: list[threading.Thread], pruners: list[threading.Thread], is_over: threading.Event) -> None:
    for thread in writers + pruners:
        thread.start()
    for thread in writers:
        thread.join()
    is_over.set()
    for thread in pruners:
        thread.join()


def _overfull(rows: list[Any]) -> set[str]:
    """Return who has three contacts within seven days."""
    moments: dict[str, list[int]] = {}
    for customer, planned in rows:
        moments.setdefault(customer, []).append(planned)
    week = timedelta(days=7) // timedelta(microseconds=1)
    return {
        customer
        for customer, at in moments.items()
        if any(third - first < week for first, third in zip(at, at[2:], strict=False))
    }


def test_no_statement_of_retention_reads_a_whole_table(make_on: Make, postgres_database: Callable[[], str]) -> None:
    world = keeping(make_on(postgres_database(), POLICIES), 100)
    world.permits("a", 1)
    world.pass_hours(24 * 101)
    engine = open_database(world.settings()).engine
    seen: list[tuple[str, Any]] = []
    listener = lambda *told: seen.append((told[2], told[3]))  # noqa: E731 - removed by identity below
    sa.event.listen(engine, "before_cursor_execute", listener)
    prune(world)
    sa.event.remove(engine, "before_cursor_execute", listener)
    plans = []
    with engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL enable_seqscan = off")  # then only what has no index is read whole
        for statement, parameters in seen:
            if statement.startswith(("SELECT", "DELETE")):
                plans += [row[0] for row in connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]
    small = ("capacity_counter", "rule_set")  # some thousands of rows
    assert len(seen) > 15
    assert [line for line in plans if "Seq Scan" in line and not any(f"on {name}" in line for name in small)] == []
