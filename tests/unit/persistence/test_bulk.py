"""Many rows in one statement, on SQLite and on PostgreSQL."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.persistence.bulk import insert_missing, insert_rows, upsert_rows
from shared.persistence.database import Database, in_keys
from shared.persistence.documents import Document
from shared.persistence.instants import Instant

metadata = sa.MetaData()
thing = sa.Table(
    "thing",
    metadata,
    sa.Column("id", sa.Text, primary_key=True),
    sa.Column("at", Instant, nullable=False),
    sa.Column("words", sa.Text),
    sa.Column("figure", sa.Double),
    sa.Column("flag", sa.Boolean),
    sa.Column("paper", Document),
    sa.Column("order", sa.BigInteger, server_default="7"),
)
NOW = datetime(2026, 3, 2, 1, 2, 3, 456789, tzinfo=UTC)
MANY = 20  # enough for the way through a staging table


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.servers)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path}/thing.sqlite"
    else:
        make: Callable[[], str] = request.getfixturevalue("postgres_database")
        url = make()
    database = Database(url)
    with database.write() as connection:
        metadata.create_all(connection)
    yield database
    database.close()


def row(number: int, **more: Any) -> dict[str, Any]:
    return {"id": f"{number:03d}", "at": NOW, "words": "w", "figure": 0.5, "flag": None, "paper": [1], **more}


def stored(database: Database) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(one) for one in connection.execute(sa.select(thing).order_by(thing.c.id)).mappings()]


@pytest.mark.parametrize("write", [insert_rows, insert_missing, upsert_rows])
@pytest.mark.parametrize("many", [1, MANY])
def test_every_kind_of_value_comes_back(database: Database, write: Callable[..., None], many: int) -> None:
    odd = "a\tb\\N\n\r\"'中,{}"
    rows = [row(number, words=odd, flag=number % 2 == 0, paper={"k": [odd, None, 1.5]}) for number in range(many)]
    with database.write() as connection:
        write(connection, thing, rows)
    assert stored(database) == [{**one, "order": 7} for one in rows]


@pytest.mark.parametrize("many", [1, MANY])
def test_unknown_is_null_and_not_a_word(database: Database, many: int) -> None:
    with database.write() as connection:
        upsert_rows(connection, thing, [row(number, words=None, paper=None) for number in range(many)])
        counted = connection.scalar(sa.select(sa.func.count()).where(thing.c.words.is_(None), thing.c.paper.is_(None)))
    assert counted == many


@pytest.mark.parametrize("many", [1, MANY])
def test_rows_that_are_there_stay_as_they_are(database: Database, many: int) -> None:
    with database.write() as connection:
        insert_rows(connection, thing, [row(0, words="old")])
        insert_missing(connection, thing, [row(number, words="new") for number in range(many)])
    assert [one["words"] for one in stored(database)] == ["old", *["new"] * (many - 1)]


@pytest.mark.parametrize("many", [1, MANY])
def test_only_the_named_columns_are_overwritten(database: Database, many: int) -> None:
    with database.write() as connection:
        insert_rows(connection, thing, [row(number) for number in range(many)])
        upsert_rows(connection, thing, [{"id": f"{n:03d}", "at": NOW, "figure": 2.5} for n in range(many + 1)])
    found = stored(database)
    assert [(one["words"], one["figure"]) for one in found] == [("w", 2.5)] * many + [(None, 2.5)]
    assert found[-1]["order"] == 7


def test_a_row_known_to_be_new_that_is_not_fails_the_whole(database: Database) -> None:
    with database.write() as connection:
        insert_rows(connection, thing, [row(0)])
    with pytest.raises(Exception, match=r"(?i)unique|duplicate"), database.write() as connection:
        insert_rows(connection, thing, [row(1), row(0)])
    assert [one["id"] for one in stored(database)] == ["000"]


def test_no_rows_are_no_statement(database: Database) -> None:
    with database.write() as connection:
        for write in (insert_rows, insert_missing, upsert_rows):
            write(connection, thing, [])
    assert stored(database) == []


def test_a_table_that_gains_a_column_can_still_be_written_on_the_same_connection(database: Database) -> None:
    grown = sa.Table("thing", sa.MetaData(), *(column._copy() for column in thing.columns), sa.Column("more", sa.Text))
    with database.write() as connection:
        upsert_rows(connection, thing, [row(number) for number in range(MANY)])
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE thing ADD COLUMN more TEXT"))
    with database.write() as connection:
        upsert_rows(connection, grown, [row(number, more="x") for number in range(MANY)])
        assert connection.scalar(sa.select(sa.func.count()).where(grown.c.more == "x")) == MANY


def test_two_writes_of_one_transaction_do_not_mix(database: Database) -> None:
    with database.write() as connection:
        upsert_rows(connection, thing, [row(number, words="a") for number in range(MANY)])
        upsert_rows(connection, thing, [row(number, words="b") for number in range(MANY, 2 * MANY)])
    assert [one["words"] for one in stored(database)] == ["a"] * MANY + ["b"] * MANY


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), min_size=MANY))
def test_any_text_survives(database: Database, texts: list[str]) -> None:
    rows = [row(number, words=text) for number, text in enumerate(texts)]
    with database.write() as connection:
        connection.execute(sa.delete(thing))
        upsert_rows(connection, thing, rows)
    assert {one["id"]: one["words"] for one in stored(database)} == {one["id"]: one["words"] for one in rows}


def test_keys_are_found_however_odd_and_however_many(database: Database) -> None:
    odd = ['"', "'", "\\", "{}", ",", "中"]
    with database.write() as connection:
        insert_rows(connection, thing, [row(0, id=key) for key in odd])
        for keys in (odd, [*odd, *(str(number) for number in range(50_000))]):
            found = connection.scalars(sa.select(thing.c.id).where(in_keys(thing.c.id, keys))).all()
            assert sorted(found) == sorted(odd)
        assert connection.scalars(sa.select(thing.c.id).where(in_keys(thing.c.id, []))).all() == []
