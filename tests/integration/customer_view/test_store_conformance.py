"""The store port, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.customer_view.adapters.store import SqlStore
from services.customer_view.adapters.tables import VocabularyMismatch, ensure_columns
from services.customer_view.application.ports import AudienceOrder, Change, Transaction
from services.customer_view.dependencies import MIGRATIONS
from shared.contracts.customer_view import AudienceQuery, Customer
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.facts import facts_of
from shared.rulekit.model import InSegment, RuleBook
from shared.rulekit.reading.folder import load_rules
from tests.unit.customer_view.rules_folder import write_rules

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
TODAY = date(2026, 3, 2)


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    return load_rules(write_rules(tmp_path / "rules"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    database = Database(database_url)
    migrate(database, MIGRATIONS)
    yield database
    database.close()


@pytest.fixture
def store(database: Database) -> SqlStore:
    return SqlStore(database)


def put(store: SqlStore, book: RuleBook, facts: dict[str, Any], at: datetime = NOW) -> Change:
    with store.write(book) as transaction:
        return transaction.put(facts, at=at)


def _fail_after_writing(transaction: Transaction) -> None:
    transaction.put({"a": {"age": 1}}, at=NOW)
    assert transaction.first_time("e", at=NOW)
    _ = 1 / 0


def describe(store: SqlStore, book: RuleBook, *ids: str) -> list[Customer]:
    with store.read(book) as transaction:
        return transaction.describe(list(ids), on=TODAY)


EVERY_TYPE = {
    "city": "xiamen",
    "age": 30,
    "activated_on": date(2020, 2, 29),
    "monthly_spend": 10**12,
    "data_used_mb": 0.0001,
    "in_arrears": False,
    "handset_brand": "苹果\\N, 'quoted' \"twice\"",
    "products": frozenset({"crbt", "mms_pack"}),
    "tags": frozenset(),
}


def test_every_type_of_fact_comes_back_as_it_went_in(store: SqlStore, book: RuleBook) -> None:
    put(store, book, {"a": EVERY_TYPE, **{f"z{n}": EVERY_TYPE for n in range(20)}})
    wire = {**EVERY_TYPE, "activated_on": "2020-02-29", "products": ["crbt", "mms_pack"], "tags": []}
    assert [one.facts for one in describe(store, book, "a", "z7", "nobody")] == [wire, wire]


def test_the_migration_makes_exactly_the_columns_of_the_vocabulary(database: Database, book: RuleBook) -> None:
    assert ensure_columns(database, book.vocabulary) == []


def test_only_subscribers_that_change_are_named_and_stamped(store: SqlStore, book: RuleBook) -> None:
    put(store, book, {"a": {"age": 1}, "b": {"age": 2}})
    change = put(store, book, {"a": {"age": 1}, "b": {"age": 3}, "c": {}}, at=NOW + timedelta(hours=1))
    assert change.customer_ids == ["b", "c"]
    assert [one.changed_at for one in describe(store, book, "a", "b")] == [NOW, NOW + timedelta(hours=1)]


def test_a_stamp_never_goes_back(store: SqlStore, book: RuleBook) -> None:
    put(store, book, {"a": {"age": 1}})
    assert put(store, book, {"a": {"age": 2}}, at=NOW - timedelta(days=1)).at > NOW


def test_records_naming_different_facts_may_come_in_one_batch(store: SqlStore, book: RuleBook) -> None:
    put(store, book, {"a": {"age": 1, "city": "xiamen"}})
    put(store, book, {"a": {"city": None}, "b": {"age": 2}, "c": {"city": "putian", "balance": 5}, "d": {}})
    assert [one.facts for one in describe(store, book, "a", "b", "c", "d")] == [
        {"age": 1},
        {"age": 2},
        {"city": "putian", "balance": 5},
        {},
    ]


def test_nothing_is_kept_of_a_transaction_that_fails(store: SqlStore, book: RuleBook) -> None:
    with pytest.raises(ZeroDivisionError), store.write(book) as transaction:
        _fail_after_writing(transaction)
    assert describe(store, book, "a") == []
    with store.write(book) as transaction:
        assert transaction.first_time("e", at=NOW)


def test_an_event_is_applied_for_the_first_time_once(store: SqlStore, book: RuleBook) -> None:
    for expected in (True, False):
        with store.write(book) as transaction:
            assert transaction.first_time("e", at=NOW) is expected


def test_writers_of_overlapping_batches_neither_deadlock_nor_lose_a_change(store: SqlStore, book: RuleBook) -> None:
    ids = [f"{number:03d}" for number in range(150)]
    failures = []

    def write(turn: int) -> None:
        try:
            for round_number in range(6):
                rows = {one: {"age": turn * 100 + round_number} for one in ids}
                for one in ids[turn::3]:
                    rows[one] = {"call_circle": turn * 100 + round_number}
                ordered = dict(reversed(rows.items())) if turn % 2 else rows
                put(store, book, ordered)
        except Exception as error:  # noqa: BLE001 - a thread hands its failure over to the test
            failures.append(error)

    threads = [threading.Thread(target=write, args=(turn,)) for turn in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    found = describe(store, book, *ids)
    assert len(found) == 150
    assert all(one.facts["age"] % 100 == 5 and one.facts["call_circle"] % 100 == 5 for one in found)


def test_two_who_make_the_same_audience_at_once_get_the_same_one(store: SqlStore, book: RuleBook) -> None:
    put(store, book, {f"{number:04d}": {"monthly_spend": 6000} for number in range(500)})
    order = AudienceOrder(
        query=AudienceQuery(audience_key="k", segment="big-spender"),
        condition=InSegment("big-spender"),
        reads=facts_of(InSegment("big-spender"), book),
        on=TODAY,
    )
    made = []

    def make() -> None:
        with store.write(book) as transaction:
            found = transaction.made("k")
            made.append(found[1] if found else transaction.make(order, at=NOW))

    threads = [threading.Thread(target=make) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [one.size for one in made] == [500, 500, 500]
    assert made[0] == made[1] == made[2]


def test_a_column_for_a_new_fact_is_added_while_others_work_and_only_once(
    store: SqlStore, database: Database, book: RuleBook, tmp_path: Path
) -> None:
    put(store, book, {f"{number:03d}": {"age": number} for number in range(40)})  # leaves a staging table behind
    more = "  loves_opera: {type: boolean, owner: customer_view, column: loves_opera, zh: 爱歌剧, en: Opera}\n"
    grown = load_rules(write_rules(tmp_path / "grown", more_facts=more))
    added = []
    threads = [
        threading.Thread(target=lambda: added.append(ensure_columns(database, grown.vocabulary))) for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(added) == [[], [], ["loves_opera"]]
    put(store, grown, {f"{number:03d}": {"age": number, "loves_opera": True} for number in range(40)})
    assert describe(store, grown, "007")[0].facts == {"age": 7, "loves_opera": True}
    assert describe(store, book, "007")[0].facts == {"age": 7}  # a process that has not seen the new vocabulary yet


def test_a_fact_whose_column_holds_something_else_is_refused_at_start(database: Database, tmp_path: Path) -> None:
    more = "  oddity: {type: boolean, owner: customer_view, column: oddity, zh: 怪, en: Odd}\n"
    with database.write() as connection:
        connection.execute(sa.text("ALTER TABLE customer ADD COLUMN oddity TEXT"))
    grown = load_rules(write_rules(tmp_path / "grown", more_facts=more))
    with pytest.raises(VocabularyMismatch, match="oddity"):
        SqlStore(database).prepare(grown)
