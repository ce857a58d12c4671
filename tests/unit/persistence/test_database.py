"""Transactions, instants and documents."""

import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from services.governance.domain import instants
from shared.persistence.bulk import insert_columns
from shared.persistence.database import BadDatabaseUrl, Database, in_keys
from shared.persistence.instants import from_micros, to_micros


def counter(path: Path) -> Database:
    database = Database(f"sqlite:///{path}/deep/counter.sqlite")
    with database.write() as connection:
        connection.execute(sa.text("CREATE TABLE counter (n INTEGER)"))
        connection.execute(sa.text("INSERT INTO counter VALUES (0)"))
    return database


def value(database: Database) -> int:
    with database.read() as connection:
        return int(connection.scalar(sa.text("SELECT n FROM counter")))


def test_writers_of_one_process_take_turns(tmp_path: Path) -> None:
    database = counter(tmp_path)

    def count() -> None:
        for _ in range(25):
            with database.write() as connection:
                n = connection.scalar(sa.text("SELECT n FROM counter"))
                connection.execute(sa.text("UPDATE counter SET n = :n"), {"n": n + 1})

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert value(database) == 100
    database.close()


def test_a_failure_rolls_back_and_frees_the_writer(tmp_path: Path) -> None:
    database = counter(tmp_path)

    def fail() -> None:
        with database.write() as connection:
            connection.execute(sa.text("UPDATE counter SET n = 5"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert value(database) == 0
    with database.write() as connection:
        connection.execute(sa.text("UPDATE counter SET n = 6"))
    assert value(database) == 6
    database.close()


@given(st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)), st.integers(-14, 14))  # noqa: DTZ001 - zone added below
def test_an_instant_survives_whatever_its_zone(moment: datetime, hours: int) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert from_micros(to_micros(aware)) == aware
    assert from_micros(to_micros(aware)).tzinfo is UTC


@pytest.mark.parametrize("convert", [(to_micros, from_micros), (instants.to_micros, instants.from_micros)])
def test_a_moment_that_its_offset_puts_beyond_the_calendar_can_be_read_again(
    convert: tuple[Callable[[datetime], int], Callable[[int], datetime]],
) -> None:
    write, read = convert
    first, last = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
    assert read(write(datetime.fromisoformat("0001-01-01T00:00:00+08:00"))) == read(write(first)) == first
    assert read(write(datetime.fromisoformat("9999-12-31T23:59:59-05:00"))) == read(write(last)) == last


def test_a_list_of_keys_is_looked_up_by_index_on_sqlite(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/keys.sqlite")
    table = sa.Table("keyed", sa.MetaData(), sa.Column("id", sa.Text, primary_key=True), sa.Column("n", sa.Integer))
    with database.write() as connection:
        table.create(connection)
        query = sa.select(table).where(in_keys(table.c.id, ["a", "b"]))
        text = str(query.compile(dialect=connection.dialect))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ('["a"]',)).all()
    database.close()
    assert "SEARCH" in str(plan[0])


@pytest.mark.parametrize("kind", ["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def test_a_key_that_cannot_be_stored_may_be_asked_for_and_finds_nothing(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path}/keys.sqlite" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    database = Database(url)
    table = sa.Table("any_key", sa.MetaData(), sa.Column("id", sa.Text, primary_key=True))
    keys = ["a", "\\u0000", "\\ud800", "接触😀"]
    with database.write() as connection:
        table.create(connection)
        insert_columns(connection, table, {"id": keys})

    def found(asked: list[str]) -> list[str]:
        with database.read() as connection:
            return sorted(connection.scalars(sa.select(table.c.id).where(in_keys(table.c.id, asked))))

    assert found(keys) == sorted(keys)
    assert found([*keys, "a\x00b", "\ud800"]) == sorted(keys)
    assert found(["a\x00b", "\udc00", "\x00"]) == found([]) == []
    with database.write() as connection:
        table.drop(connection)
    database.close()


@pytest.mark.servers
def test_connections_the_server_hung_up_are_replaced_unseen(postgres_url: str) -> None:
    database = Database(postgres_url)
    with ExitStack() as stack:
        for _ in range(4):
            stack.enter_context(database.read()).execute(sa.text("SELECT 1"))
    before = backends(postgres_url)
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid = ANY (%s)", (before,))
        deadline = time.monotonic() + 10
        while set(before) & set(backends(postgres_url)):
            assert time.monotonic() < deadline
            time.sleep(0.01)
    for _ in range(6):
        with database.write() as connection:
            assert connection.scalar(sa.text("SELECT 1")) == 1
    assert len(before) == 4
    database.close()


def backends(url: str) -> list[int]:
    asked = "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
    with psycopg.connect(url, autocommit=True) as connection:
        return [pid for (pid,) in connection.execute(asked)]


@pytest.mark.parametrize("url", ["nonsense", "postgresql://host:port/name", ""])
def test_what_is_no_url_is_told_without_repeating_it(url: str) -> None:
    with pytest.raises(BadDatabaseUrl) as told:
        Database(url)
    assert told.value.code == "bad_database_url"
    assert not url or url not in told.value.message
