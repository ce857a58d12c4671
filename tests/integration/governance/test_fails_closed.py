"""Whatever is broken: nobody is permitted, the caller hears why, and the same call works once it is mended."""

import functools
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest
import sqlalchemy as sa

from services.governance.adapters import store
from services.governance.adapters.ledger import SqlLedger
from services.governance.adapters.locks import keys_of, take
from services.governance.dependencies import build, open_database
from shared.contracts.governance import ListEntry
from shared.kernel.clock import SystemClock
from shared.kernel.faults import Fault, Unavailable
from shared.messaging.client import BanyanClient
from shared.persistence.database import Database
from tests.integration.governance.world import BLACK, DAILY, START, WEEKLY, World, write_rules
from tests.support.deployment import Deployment
from tests.support.gate import Gate
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ

pytestmark = pytest.mark.servers


@pytest.fixture
def world(make_on: Callable[[str, dict[str, str]], World], postgres_database: Callable[[], str]) -> World:
    return make_on(postgres_database(), {"weekly": WEEKLY})


def told(client: BanyanClient, contact_id: str, **fields: object) -> str:
    """Reserve one contact over the bus; return the verdict, its decisive reason, or the fault's code."""
    request = {
        "contact_id": contact_id,
        "customer_id": contact_id,
        "channel": "sms",
        "campaign_id": "spring",
        "offering_id": "crbt",
        "category": "music",
        "purpose": "marketing",
        "direction": "outbound",
        "planned_at": (START + timedelta(hours=1)).isoformat(),
        **fields,
    }
    try:
        [verdict] = client.call("governance", "reserve", requests=[request], timeout=60)
    except Fault as fault:
        return fault.code
    return verdict["verdict"] if verdict["verdict"] == "permit" else str(verdict["reasons"][0]["rule_id"])


@contextmanager
def deployed(postgres: Postgres, broker: RabbitMQ, folder: Path, rules: Path) -> Iterator[tuple[Deployment, Gate]]:
    """Run governance alone, its database behind a gate."""
    parts = urlsplit(postgres.url)
    deployment = Deployment(
        postgres, broker, folder, now=START, processes=[("governance",)], settings={"BANYAN_RULES_DIR": str(rules)}
    )
    with Gate(parts.port or 5432) as gate:
        behind = urlsplit(deployment.environment["BANYAN_DATABASE_URL"])
        netloc = behind.netloc.replace(f":{parts.port}", f":{gate.port}")
        deployment.environment["BANYAN_DATABASE_URL"] = urlunsplit(behind._replace(netloc=netloc))
        with deployment:
            yield deployment, gate


def test_over_the_bus_what_cannot_be_judged_is_suppressed_and_a_store_that_is_gone_is_a_coded_fault(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path
) -> None:
    rules = write_rules(tmp_path / "rules", {"weekly": WEEKLY, "daily": DAILY, "black": BLACK})
    with deployed(postgres, broker, tmp_path, rules) as (running, gate), BanyanClient(running.amqp_url) as client:
        assert told(client, "a") == "permit"
        assert told(client, "b", zone="Moon") == "governance/unknown-zone"
        assert told(client, "c", channel="pigeon") == "governance/unknown-channel"
        assert told(client, "d", planned_at="2026-03-02T12:00:00") == "governance/planned-without-offset"
        gate.shut()
        assert [told(client, name) for name in ("a", "e")] == ["unavailable", "unavailable"]
        gate.open()
        assert [told(client, name) for name in ("a", "e")] == ["permit", "permit"]
        running.move_clock(START - timedelta(minutes=4))
        assert told(client, "f") == "permit"
        running.move_clock(START - timedelta(minutes=6))
        assert told(client, "g") == "unavailable"
        running.move_clock(START)
        assert [told(client, name) for name in ("g", "h")] == ["permit", "permit"]
        [(permitted,)] = running.query("governance", "SELECT count(*) FROM contact")
        assert permitted == 5


def test_with_rules_nobody_can_read_the_service_does_not_start_and_says_where_they_are_wrong(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path
) -> None:
    rules = write_rules(tmp_path / "rules", {"weekly": "kind: no_such_kind"})
    with (
        pytest.raises(RuntimeError, match=r"invalid_rules: .*weekly/rule.yaml:4:7: unknown_word"),
        deployed(postgres, broker, tmp_path, rules),
    ):
        pass


def test_without_any_policy_nothing_is_permitted_on_the_bus(
    postgres: Postgres, broker: RabbitMQ, tmp_path: Path
) -> None:
    rules = write_rules(tmp_path / "rules", {})
    with deployed(postgres, broker, tmp_path, rules) as (running, _), BanyanClient(running.amqp_url) as client:
        assert told(client, "a") == "governance/no-policy-in-force"
        assert running.query("governance", "SELECT count(*) FROM contact") == [(0,)]


def test_a_database_that_goes_away_in_the_middle_of_a_transaction_permits_nothing_and_the_same_call_works_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = SqlLedger.record

    def torn(self: SqlLedger, *args: Any, **kw: Any) -> None:
        record(self, *args, **kw)
        world.rows(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND "
            "datname = current_database()"
        )

    with monkeypatch.context() as patched:
        patched.setattr(SqlLedger, "record", torn)
        with pytest.raises(Unavailable):
            world.reserve("a", 1)
    assert world.rows("SELECT count(*) FROM contact") == [(0,)]
    assert [world.permits("a", 1), world.permits("a", 1)] == [True, True]


def test_an_answer_lost_at_commit_is_found_by_asking_again(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    write = Database.write

    @contextmanager
    def lost(self: Database) -> Iterator[sa.Connection]:
        with write(self) as connection:
            yield connection
        raise sa.exc.OperationalError("COMMIT", {}, ConnectionResetError())

    with monkeypatch.context() as patched:
        patched.setattr(Database, "write", lost)
        with pytest.raises(Unavailable):
            world.reserve("a", 1)
    assert [world.permits("a", 1), world.permits("b", 2), world.permits("c", 3)] == [True, True, False]


def test_a_pool_that_has_no_connection_left_is_a_coded_fault(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = open_database(world.settings()).engine
    monkeypatch.setattr(engine.pool, "_timeout", 0.05)
    with ExitStack() as held:
        for _ in range(20):
            held.enter_context(engine.connect())
        with pytest.raises(Unavailable):
            world.reserve("a", 1)
    assert world.permits("a", 1)


def test_a_lock_that_nobody_gives_back_is_waited_for_no_longer_than_the_bound(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = open_database(world.settings())
    monkeypatch.setattr(store, "take", functools.partial(take, wait=0.05))
    with database.write() as connection:
        take(connection, keys_of(["anna"], [], touches_lists=False), alone=False)
        with pytest.raises(Unavailable) as caught:
            world.reserve("a", 1)
    assert caught.value.details["cause"] == "LockNotAvailable"
    assert world.permits("a", 1)


class ClockAhead(SystemClock):
    def __init__(self, by: timedelta) -> None:
        self._by = by

    def now(self) -> datetime:
        return super().now() + self._by


def test_a_process_whose_clock_is_far_ahead_of_the_database_changes_nothing_for_anybody(world: World) -> None:
    ahead, near, right = (
        build(world.settings(), ClockAhead(timedelta(minutes=minutes))) for minutes in (365 * 24 * 60, 4, 0)
    )
    planned = datetime.now(UTC) + timedelta(days=400)  # by no clock in the past

    def asked(name: str, days: int) -> Any:
        return world.ask(name, planned_at=planned - timedelta(days=days))

    entry = ListEntry(customer_id="anna", reason="asked", source="hall", author="clerk")
    for attempt in (lambda: ahead.reserve([asked("a", 30)]), lambda: ahead.list_put("black", [entry])):
        with pytest.raises(Unavailable) as caught:
            attempt()
        assert caught.value.details["cause"] == "clock_ahead"
    assert world.rows("SELECT count(*) FROM decision") == [(0,)]
    assert [use.reserve([asked(name, 30)])[0].verdict for use, name in ((near, "a"), (right, "b"))] == ["permit"] * 2


def test_two_batches_that_name_each_others_contact_ids_crosswise_end_and_one_of_them_wins(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have judged before either writes; a row takes a while here, so that each may have written one by then."""
    assert world.permits("first", 500, customer_id="chen")  # the first writer of all shuts out the others
    database = open_database(world.settings())
    with database.write() as connection:
        connection.execute(
            sa.text(
                "CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS "
                "'BEGIN PERFORM pg_sleep(0.3); RETURN NEW; END'"
            )
        )
        connection.execute(
            sa.text("CREATE TRIGGER dawdle BEFORE INSERT ON contact FOR EACH ROW EXECUTE FUNCTION dawdle()")
        )
    ends: dict[str, object] = {}
    record, judged = SqlLedger.record, threading.Barrier(2)

    def record_together(self: SqlLedger, *args: Any, **kw: Any) -> None:
        judged.wait(60)
        record(self, *args, **kw)

    def reserve(customer: str, names: tuple[str, str]) -> None:
        requests = [world.ask(name, hours, customer_id=customer) for hours, name in enumerate(names, 1)]
        try:
            ends[customer] = [verdict.verdict for verdict in world.use.reserve(requests)]
        except Unavailable as fault:
            ends[customer] = fault.details["cause"]

    threads = [threading.Thread(target=reserve, args=one) for one in (("anna", ("a", "b")), ("ben", ("b", "a")))]
    with monkeypatch.context() as patched:
        patched.setattr(SqlLedger, "record", record_together)
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    winner = next(customer for customer, end in ends.items() if isinstance(end, list))
    [loser] = ends.keys() - {winner}
    assert ends[winner] == ["permit", "permit"]
    assert ends[loser] in ("DeadlockDetected", "UniqueViolation")
    assert world.rows("SELECT DISTINCT customer_id FROM contact WHERE contact_id <> 'first'") == [(winner,)]
    reserve(loser, ("a", "b"))
    assert ends[loser] == ["suppress", "suppress"]
