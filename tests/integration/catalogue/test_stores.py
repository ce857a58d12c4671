"""One suite for every store of offerings: the fake, SQLite and PostgreSQL; and the service on the real rules."""

import threading
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from services.catalogue.adapters.offering_files import read_offerings
from services.catalogue.adapters.store import SqlStore
from services.catalogue.adapters.tables import metadata, outbox
from services.catalogue.application.ports import Store, Stored
from services.catalogue.dependencies import MIGRATIONS, build
from services.catalogue.settings import Settings
from shared.contracts.catalogue import Edition, OfferingFilters, OfferingsChanged, Price
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from tests.unit.catalogue.making import NOON, FakeStore, KilledError, asked, use_cases

_RULES = Path(__file__).parents[3] / "rules"


@pytest.fixture(params=["fake", "sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "fake":
        yield FakeStore()
        return
    yield from _sql_store(request, tmp_path)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    yield from _sql_store(request, tmp_path)


def _sql_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlStore]:
    url = f"sqlite:///{tmp_path}/catalogue.sqlite"
    if request.param == "postgresql":
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    migrate(database, MIGRATIONS)
    yield SqlStore(database)
    database.close()


def _keep(store: Store, *stored: Stored) -> None:
    with store.unit() as unit:
        unit.keep(stored, at=NOON)


def test_an_offering_comes_back_as_it_was_kept(store: Store) -> None:
    offering = asked(
        "a",
        name_zh="彩铃\t'\"\\N",
        prices=[Price(amount_fen=500, period="month")],
        editions=[Edition(edition="app", needs_capability="app")],
        valid_from=date(2026, 1, 1),
    )
    _keep(store, Stored(offering, 3))
    assert store.get("a") == offering
    assert store.get("b") is None
    with store.unit() as unit:
        assert unit.find(["a", "b"]) == {"a": Stored(offering, 3)}


def test_keeping_again_overwrites(store: Store) -> None:
    _keep(store, Stored(asked("a"), 1), Stored(asked("b"), 1))
    _keep(store, Stored(asked("a", category="internet", components=["b"]), 2))
    assert [item.offering_id for item in store.list(OfferingFilters(category="internet", bundles=True), 9)] == ["a"]


def test_offerings_are_listed_in_the_order_of_their_characters(store: Store) -> None:
    ids = ["a-b", "a", "ab", "a0", "0", "a-", "b"]
    _keep(store, *(Stored(asked(name), 1) for name in ids))
    assert [item.offering_id for item in store.list(OfferingFilters(), 5)] == sorted(ids)[:5]


def test_both_ends_of_the_validity_are_included(store: Store) -> None:
    _keep(store, Stored(asked("a", valid_from=date(2026, 3, 1), valid_to=date(2026, 3, 31)), 1), Stored(asked("b"), 1))
    found = {
        day: [item.offering_id for item in store.list(OfferingFilters(valid_on=day), 9)]
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    }
    assert [len(ids) for ids in found.values()] == [1, 2, 2, 1]


def test_components_are_followed_to_the_end(store: Store) -> None:
    parts = {"a": ["b"], "b": ["c", "d"], "c": [], "d": ["e"], "e": [], "f": ["a"]}
    _keep(store, *(Stored(asked(name, components=components), 1) for name, components in parts.items()))
    with store.unit() as unit:
        found = unit.reachable(["a", "nobody", "\x00"])
    assert {name: found[name] for name in "abcde"} == {name: tuple(parts[name]) for name in "abcde"}


def test_a_unit_is_whole_or_nothing(store: Store) -> None:
    def crash() -> None:
        with store.unit() as unit:
            unit.keep([Stored(asked("a"), 1)], at=NOON)
            unit.tell(OfferingsChanged(offerings=[]), at=NOON, key="k")
            raise KilledError

    with pytest.raises(KilledError):
        crash()
    assert store.get("a") is None


def test_two_writers_cannot_close_a_circle_together(sql_store: SqlStore) -> None:
    use = use_cases(sql_store)
    use.upsert_offerings([asked("a"), asked("b")])
    barrier = threading.Barrier(2)
    written: list[int] = []

    def write(name: str, component: str) -> None:
        barrier.wait()
        written.append(use.upsert_offerings([asked(name, components=[component])]).written)

    threads = [threading.Thread(target=write, args=pair) for pair in (("a", "b"), ("b", "a"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(written) == [0, 1]


def test_events_wait_in_the_outbox(sql_store: SqlStore) -> None:
    use_cases(sql_store).upsert_offerings([asked("a")])
    with sql_store._database.read() as connection:
        [body] = connection.scalars(sa.select(outbox.outbox.c.body)).all()
    assert msgspec.json.decode(body, type=OfferingsChanged).offerings == [asked("a")]


def test_the_migration_makes_the_tables_the_store_uses(sql_store: SqlStore) -> None:
    inspector = sa.inspect(sql_store._database.engine)
    made = {name: {column["name"] for column in inspector.get_columns(name)} for name in metadata.tables}
    assert made == {name: {column.name for column in table.c} for name, table in metadata.tables.items()}


def test_the_projects_own_catalogue_is_taken_whole(tmp_path: Path) -> None:
    read = read_offerings(_RULES / "catalogue")
    assert read.faults == ()
    use = build(Settings.read({"BANYAN_VAR": str(tmp_path), "BANYAN_RULES_DIR": str(_RULES)}))
    result = use.upsert_many(read.offerings)
    assert [f"{read.places[fault.index]}: {fault.field}: {fault.message}" for fault in result.faults] == []
    assert len(use.list_offerings(OfferingFilters()).offerings) == len(read.offerings) > 0
