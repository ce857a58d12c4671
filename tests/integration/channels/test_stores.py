"""One suite for every store of orders: the fake, SQLite and PostgreSQL."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from services.channels.adapters.simulator import Simulator
from services.channels.adapters.store import SqlStore
from services.channels.adapters.tables import metadata, outbox
from services.channels.application.ports import ChannelAdapter, Store
from services.channels.application.running import LEASE
from services.channels.dependencies import MIGRATIONS
from services.channels.domain.order import Order
from services.channels.domain.progress import Standing, leased
from services.channels.domain.words import Channel
from shared.contracts.channels import ContactsSent, RunResult
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.unit.channels.making import NINE, FakeStore, Gateway, KilledError, Rig, asked, ordered

_LATER = NINE + timedelta(days=1)


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore()
        return
    yield from _sql_store(request, tmp_path)


def _sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path}/channels.sqlite"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    migrate(database, MIGRATIONS)
    yield SqlStore(database)
    database.close()


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    yield from _sql_store(request, tmp_path)


def _take(store: Store, *orders: Order) -> None:
    with store.unit() as unit:
        unit.take(orders)


def _due(store: Store, limit: int = 100) -> list[Standing]:
    return store.due(_LATER, NINE, limit)


def test_an_order_comes_back_as_it_was_taken(store: Store) -> None:
    order = ordered("a", script_zh="您好\t\\N\n'\"", propensity={"accepted": 0.25})
    _take(store, order, ordered("b"))
    [first, second] = _due(store)
    assert first.order == order
    assert (first.progress.state, first.progress.due_at, first.progress.attempted) == ("waiting", NINE, False)
    assert second.order.contact_id == "b"


@pytest.mark.parametrize("count", [1, 300])
def test_taking_the_same_orders_again_changes_nothing(store: Store, count: int) -> None:
    orders = [ordered(f"c{number:03}") for number in range(count)]
    _take(store, *orders)
    with store.unit() as unit:
        [item] = unit.due([orders[0].contact_id], _LATER, NINE)
        unit.save([Standing(item.order, leased(item.progress, "l", _LATER))])
    _take(store, *orders, *orders)
    assert len(_due(store, 1_000)) == count - 1
    with store.unit() as unit:
        assert [held.order.contact_id for held in unit.held("l")] == [item.order.contact_id]


def test_what_is_due_comes_earliest_first_and_in_bounded_pages(store: Store) -> None:
    planned = {"a": 3, "b": 1, "c": 2, "d": 1, "later": 25}
    _take(store, *(ordered(name, planned_at=NINE + timedelta(hours=hour)) for name, hour in planned.items()))
    assert [item.order.contact_id for item in _due(store, 3)] == ["b", "d", "c"]


def test_a_leased_order_is_nobody_elses_until_the_lease_ends(store: Store) -> None:
    _take(store, ordered("a"))
    with store.unit() as unit:
        [item] = unit.due(["a"], _LATER, NINE)
        unit.save([Standing(item.order, leased(item.progress, "l", NINE + timedelta(minutes=2)))])
    with store.unit() as unit:
        assert unit.due(["a"], _LATER, NINE + timedelta(minutes=1)) == []
        assert store.due(_LATER, NINE + timedelta(minutes=1), 1) == []
        [again] = unit.due(["a"], _LATER, NINE + timedelta(minutes=2))
    assert again.progress.attempted


def test_one_order_is_found_by_its_contact(store: Store) -> None:
    _take(store, ordered("a"))
    with store.unit() as unit:
        found = unit.one("a")
        assert found is not None
        assert found.order == ordered("a")
        assert unit.one("b") is None


def test_a_work_list_shows_one_channel_within_its_times_oldest_first(store: Store) -> None:
    _take(
        store,
        ordered("a", channel="hall", planned_at=NINE + timedelta(minutes=1)),
        ordered("b", channel="hall"),
        ordered("c", channel="hotline"),
        ordered("d", channel="hall", planned_at=_LATER),
        ordered("e", channel="hall", expires_at=NINE + timedelta(hours=1)),
    )
    listed = store.worklist("hall", NINE + timedelta(hours=2), 10)
    assert [item.order.contact_id for item in listed] == ["b", "a"]
    assert len(store.worklist("hall", NINE + timedelta(hours=2), 1)) == 1


def test_a_unit_is_whole_or_nothing(store: Store) -> None:
    def crash() -> None:
        with store.unit() as unit:
            unit.take([ordered("a")])
            unit.tell("contacts_sent", ContactsSent(contacts=[]), at=NINE, key="k")
            raise KilledError

    with pytest.raises(KilledError):
        crash()
    assert _due(store) == []


def test_an_event_of_the_same_key_is_kept_once(sql_store: SqlStore) -> None:
    for _ in range(2):
        with sql_store.unit() as unit:
            unit.tell("contacts_sent", ContactsSent(contacts=[]), at=NINE, key="k")
    with sql_store._database.read() as connection:
        rows = connection.execute(sa.select(outbox.outbox.c.body)).all()
    assert [msgspec.json.decode(row.body) for row in rows] == [{"contacts": []}]


def test_runners_side_by_side_never_hold_the_same_order(sql_store: SqlStore) -> None:
    _take(sql_store, *(ordered(f"c{number:03}") for number in range(200)))
    seen: list[str] = []
    barrier = threading.Barrier(4)

    def run() -> None:
        barrier.wait()
        while True:
            found = sql_store.due(_LATER, NINE, 10)
            if not found:
                return
            with sql_store.unit() as unit:
                page = unit.due([item.order.contact_id for item in found], _LATER, NINE)
                unit.save([Standing(item.order, leased(item.progress, "l", _LATER)) for item in page])
                seen.extend(item.order.contact_id for item in page)

    threads = [threading.Thread(target=run) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(seen) == [f"c{number:03}" for number in range(200)]


def test_killed_while_sending_and_while_noting_each_contact_is_told_once(sql_store: SqlStore) -> None:
    gateway = Gateway(crash=True)
    adapters: dict[Channel, ChannelAdapter] = {"sms": gateway, "outbound_call": Simulator("7")}
    rig = Rig(store=sql_store, adapters=adapters)
    rig.use.dispatch([asked(f"c{n:03}", channel=("sms", "outbound_call")[n % 2]) for n in range(300)])
    rig.clock.move_to(NINE + timedelta(hours=1))
    with pytest.raises(KilledError):
        rig.use.run_due()
    gateway.crash = False
    rig.machine_clock.advance(LEASE)
    rig.use.run_due()
    assert rig.use.run_due() == RunResult(sent=0, failed=0, answered=0)
    with sql_store._database.read() as connection:
        rows = connection.execute(sa.select(outbox.outbox.c.event_type, outbox.outbox.c.body)).all()
    sent = [
        item.contact_id
        for row in rows
        if row.event_type == "contacts_sent"
        for item in msgspec.json.decode(row.body, type=ContactsSent).contacts
    ]
    assert sorted(sent) == [f"c{n:03}" for n in range(300)]


def test_the_migration_makes_the_tables_the_store_uses(sql_store: SqlStore) -> None:
    inspector = sa.inspect(sql_store._database.engine)
    made = {name: {column["name"] for column in inspector.get_columns(name)} for name in metadata.tables}
    assert made == {name: {column.name for column in table.c} for name, table in metadata.tables.items()}
