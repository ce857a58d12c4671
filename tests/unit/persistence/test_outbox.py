"""Outbox and inbox, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest
import sqlalchemy as sa

from shared.persistence.database import Database
from shared.persistence.outbox import Outbox

metadata = sa.MetaData()
outbox = Outbox(metadata)
NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)


class Told(msgspec.Struct):
    number: int


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/outbox.sqlite"
    else:
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    with database.write() as connection:
        metadata.create_all(connection)
    yield database
    database.close()


def tell(database: Database, *numbers: int) -> None:
    with database.write() as connection:
        for number in numbers:
            outbox.add(connection, "told", Told(number), at=NOW, key=str(number))


def test_events_are_claimed_in_order_of_writing_up_to_the_limit(database: Database) -> None:
    tell(database, 3, 1, 2)
    with database.write() as connection:
        claimed = outbox.claim(connection, 2)
    assert [one.body for one in claimed] == ['{"number":3}', '{"number":1}']


def test_the_same_event_again_is_kept_once(database: Database) -> None:
    tell(database, 1, 1)
    tell(database, 1)
    with database.read() as connection:
        assert outbox.pending(connection) == 1


def test_an_event_of_a_transaction_that_fails_is_not_told(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            outbox.add(connection, "told", Told(1), at=NOW, key="1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    with database.read() as connection:
        assert outbox.pending(connection) == 0


def test_published_events_are_forgotten_and_the_others_stay(database: Database) -> None:
    tell(database, 1, 2, 3)
    with database.write() as connection:
        outbox.forget(connection, outbox.claim(connection, 2))
    with database.write() as connection:
        assert [one.body for one in outbox.claim(connection, 10)] == ['{"number":3}']


def test_what_one_relay_holds_another_passes_over(database: Database) -> None:
    if database.dialect == "sqlite":
        return  # writers take turns there: two relays never hold a claim at once
    tell(database, 1, 2)
    with database.write() as first:
        assert len(outbox.claim(first, 1)) == 1
        with database.engine.begin() as second:
            assert [one.body for one in outbox.claim(second, 10)] == ['{"number":2}']


def test_an_arriving_event_is_new_once_and_again_after_a_failure(database: Database) -> None:
    def fail() -> None:
        with database.write() as connection:
            assert outbox.first_time(connection, "e", at=NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    for expected in (True, False):
        with database.write() as connection:
            assert outbox.first_time(connection, "e", at=NOW) is expected
