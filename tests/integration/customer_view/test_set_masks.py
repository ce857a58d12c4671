"""Masks of sets: bits on PostgreSQL mean what the text means, whatever becomes of the vocabulary."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.store import SqlStore
from services.workbench import registry
from shared.kernel.text import Text
from shared.persistence.database import Database
from shared.persistence.migrations import migrate
from shared.rulekit.condition_tree import Compare, Condition, Not
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.sql_backend import to_sql
from shared.rulekit.storage import mask_column
from tests.unit.customer_view.rules_folder import write_rules

pytestmark = pytest.mark.servers
ON = date(2026, 3, 2)
SETS: Sequence[list[str] | None] = ([], ["crbt"], ["crbt", "weather"], ["crbt_pack"], ["weather"], None)
CONDITIONS: Sequence[Condition] = (
    Compare("products", "contains_any", ("crbt",)),
    Compare("products", "contains_any", ("crbt_pack", "weather")),
    Compare("products", "contains_all", ("crbt", "weather")),
    Not(Compare("products", "contains_any", ("crbt", "crbt_pack"))),
    Compare("products", "at_least", 1, of="size"),
)


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    return load_rules(write_rules(tmp_path / "rules"))


@pytest.fixture
def database(postgres_database: Callable[[], str]) -> Iterator[Database]:
    database = Database(postgres_database(), pool_size=2)
    migrate(database, registry.migrations_of("customer_view"))
    yield database
    database.close()


def with_members(book: RuleBook, *members: str) -> RuleBook:
    """Return a book whose vocabulary has further products."""
    vocabulary = book.vocabulary
    products = vocabulary["products"]
    values = {**dict.fromkeys(members, Text("新", "new")), **products.values}
    facts = {**vocabulary.facts, "products": replace(products, values=values)}
    return replace(book, vocabulary=replace(vocabulary, facts=facts, version="+".join(members)))


def fill(store: SqlStore, book: RuleBook) -> None:
    people = {f"c{number}": {"products": held} for number, held in enumerate(SETS)}
    with store.write(book) as transaction:
        transaction.put(people, at=datetime(2026, 3, 1, tzinfo=UTC))


def mask_names(database: Database) -> list[str]:
    columns = sa.inspect(database.engine).get_columns("customer")
    return [column["name"] for column in columns if column["name"].startswith("products_bits_")]


def judged(database: Database, customers: Customers) -> list[tuple[bool | None, ...]]:
    truths = [to_sql(one, customers.columns, customers.book, ON) for one in CONDITIONS]
    with database.read() as connection:
        rows = connection.execute(sa.select(*truths).order_by(customers.table.c.customer_id))
        return [tuple(row) for row in rows]


def reads_mask(customers: Customers) -> bool:
    truth = to_sql(CONDITIONS[0], customers.columns, customers.book, ON)
    return "_bits_" in str(truth.compile(dialect=sa.dialects.postgresql.dialect()))


def test_bits_mean_what_the_text_means_unknown_and_empty_included(database: Database, book: RuleBook) -> None:
    store = SqlStore(database)
    fill(store, book)
    bits, text = store.prepare(book), Customers(book)
    assert (reads_mask(bits), reads_mask(text)) == (True, False)
    found = judged(database, bits)
    assert found == judged(database, text)
    assert found[-1] == (None,) * len(CONDITIONS)
    assert found[2] == (True, True, True, False, True)


def test_a_vocabulary_that_changes_under_way_is_read_from_the_text_until_the_next_start(
    database: Database, book: RuleBook
) -> None:
    running = SqlStore(database)
    fill(running, book)
    wider = with_members(book, "aaa_first_in_order")
    assert not reads_mask(running.prepare(wider))
    restarted = SqlStore(database)
    assert reads_mask(restarted.prepare(wider))
    assert judged(database, restarted.prepare(wider)) == judged(database, Customers(book))
    assert judged(database, SqlStore(database).prepare(book)) == judged(database, Customers(book))


def test_of_older_masks_only_the_newest_stays(database: Database, book: RuleBook) -> None:
    versions = [book, with_members(book, "x"), with_members(book, "x", "y")]
    for version in versions:
        SqlStore(database).prepare(version)
    assert mask_names(database) == [mask_column(version.vocabulary["products"]) for version in versions[1:]]
