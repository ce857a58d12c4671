"""A base of subscribers to count in: customer_view's database, a file through its column map, or a generated province.

File and province are brought into a SQLite file that lives as long as the base, so that all three are counted in the
same way and memory does not grow with the base.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.customer_view.adapters.column_map_files import ColumnMapFiles
from services.customer_view.adapters.row_files import LocalRowFiles
from services.customer_view.adapters.seen_ids import seen_ids_on_disk
from services.customer_view.adapters.tables import OWNER
from services.customer_view.application.imports import FileImport
from services.workbench import province
from services.workbench.registry import DatabaseUnavailable
from shared.contracts.customer_view import CustomerRecord, UpsertResult
from shared.contracts.wire import RowFault
from shared.kernel.faults import NotFound
from shared.persistence.database import Database
from shared.rulekit.facts import InvalidFact
from shared.rulekit.storage import StoredValue, column_type, to_storage
from shared.rulekit.vocabulary import Fact, Vocabulary

_PAGE = 5_000
_FAMILIES = (sa.Boolean, sa.Integer, sa.Float, sa.String)
_READING = (
    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY",
    "SET LOCAL statement_timeout = '20min'",
    "SET LOCAL work_mem = '64MB'",
    # Two processes share the scan of a large table, whatever the server's own settings fear it would cost.
    "SET LOCAL max_parallel_workers_per_gather = 2",
    "SET LOCAL parallel_setup_cost = 0",
    "SET LOCAL parallel_tuple_cost = 0",
)
Progress = Callable[[int], None]


class NoCustomers(NotFound):
    """The database has no table of subscribers."""

    code = "no_customers"


@dataclass(frozen=True, eq=False)
class CustomerBase:
    """A table `customer` with a column for each fact it knows; `label` says where it comes from, for people."""

    database: Database
    label: str
    is_synthetic: bool
    refused: int = 0
    """Rows of the source that could not be read."""

    @cached_property
    def table(self) -> sa.TableClause:
        """The table as it stands, masks of sets included; raises NoCustomers, DatabaseUnavailable."""
        try:
            columns = sa.inspect(self.database.engine).get_columns("customer")
        except sa.exc.NoSuchTableError:
            message = f"{self.label} has no table of subscribers: is it customer_view's database?"
            raise NoCustomers(message, details={"field": "database"}) from None
        except sa.exc.OperationalError as fault:
            raise DatabaseUnavailable(f"{self.label}: {fault.orig}") from fault
        return sa.table("customer", *(sa.column(one["name"], one["type"]) for one in columns))

    def columns(self, vocabulary: Vocabulary) -> dict[str, sa.ColumnElement[Any]]:
        """Return a column for every fact: NULL, unknown for everybody, where the base has none of its kind."""
        lacking = set(self.lacks(vocabulary))
        return {
            fact.name: sa.cast(sa.null(), column_type(fact)) if fact.name in lacking else self.table.c[fact.column]
            for fact in vocabulary
        }

    def lacks(self, vocabulary: Vocabulary) -> list[str]:
        """Return the facts that this base knows of nobody, because there is no such column."""
        return [fact.name for fact in vocabulary if not _fits(self.table.c.get(fact.column), fact)]

    def rows_of(self, statement: sa.Select[Any]) -> Iterator[sa.Row[Any]]:
        """Yield what a statement finds over the whole table; on SQLite over its halves at once, one after the other.

        PostgreSQL shares a scan among processes by itself. SQLite reads with one core unless two connections each take
        a half; a statement that groups is then answered in two parts, to be added up.
        """
        if self.database.dialect == "postgresql":
            with self.reading() as connection:
                yield from connection.execute(statement)
            return
        row_id = sa.literal_column("rowid", sa.BigInteger)
        with self.reading() as connection:
            middle = int(connection.scalar(sa.select(sa.func.max(row_id)).select_from(self.table)) or 0) // 2
        with ThreadPoolExecutor(2) as pool:
            halves = [pool.submit(self._read, statement.where(half)) for half in (row_id <= middle, row_id > middle)]
            for half in halves:
                yield from half.result()

    def _read(self, statement: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
        with self.reading() as connection:
            return connection.execute(statement).all()

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection that reads one state of the base and changes nothing."""
        try:
            with self.database.read() as connection:
                if self.database.dialect == "postgresql":
                    for setting in _READING:
                        connection.exec_driver_sql(setting)
                yield connection
        except sa.exc.OperationalError as fault:
            raise DatabaseUnavailable(f"{self.label}: {fault.orig}") from fault


@contextmanager
def database_base(url: str) -> Iterator[CustomerBase]:
    """Open customer_view's database to be read; `{service}` in the URL stands for its name."""
    try:
        address = sa.make_url(url.replace("{service}", OWNER))
    except (sa.exc.ArgumentError, ValueError) as fault:
        raise DatabaseUnavailable("--database: that is no URL of a database", details={"field": "database"}) from fault
    label = address.render_as_string(hide_password=True)
    if address.get_backend_name() == "sqlite" and not Path(address.database or "").is_file():
        raise NoCustomers(f"there is no database {label}", details={"field": "database"})
    database = Database(address.render_as_string(hide_password=False), pool_size=2)
    try:
        yield CustomerBase(database, label, is_synthetic=False)
    finally:
        database.close()


@contextmanager
def generated_base(
    size: int, seed: int, vocabularies: Sequence[Vocabulary], progress: Progress
) -> Iterator[CustomerBase]:
    """Generate a province; the same size and seed are the same province."""
    with _scratch(vocabularies) as keep:
        for page in _pages(province.subscribers(seed, size)):
            progress(keep.add(page))
        yield CustomerBase(keep.database, f"generated province of {size:,}, seed {seed}", is_synthetic=True)


@contextmanager
def file_base(path: Path, column_map: Path, vocabulary: Vocabulary, progress: Progress) -> Iterator[CustomerBase]:
    """Read a CSV or Parquet file through its column map; bad rows are left out and counted.

    Raises UnreadableFile, and RuleFaults for a faulty map.
    """
    with _scratch([vocabulary]) as keep:
        importing = FileImport(
            customers=_Writer(keep, progress),
            vocabulary=lambda: vocabulary,
            files=LocalRowFiles(),
            column_maps=ColumnMapFiles(),
            seen_ids=seen_ids_on_disk,
        )
        report = importing.import_file(path, column_map)
        if report.incomplete is not None:
            raise report.incomplete
        yield CustomerBase(keep.database, path.name, is_synthetic=False, refused=report.refused)


class _Scratch:
    """The table in a temporary file, with the columns of all facts of the given vocabularies; the first one wins."""

    def __init__(self, database: Database, vocabularies: Sequence[Vocabulary]) -> None:
        self.database = database
        self._facts: dict[str, list[Fact]] = {}
        columns: dict[str, sa.Column[Any]] = {}
        for fact in (fact for vocabulary in vocabularies for fact in vocabulary):
            if fact.column not in columns:
                columns[fact.column] = sa.Column(fact.column, column_type(fact))
            self._facts.setdefault(fact.name, []).append(fact)
        self._table = sa.Table(
            "customer", sa.MetaData(), sa.Column("customer_id", sa.Text, primary_key=True), *columns.values()
        )
        self._unknown: dict[str, StoredValue] = dict.fromkeys(columns)
        self._table.create(database.engine)

    def add(self, records: Sequence[CustomerRecord]) -> int:
        rows = [{"customer_id": record.customer_id, **self._unknown, **self._stored(record)} for record in records]
        with self.database.write() as connection:
            connection.execute(sa.insert(self._table), rows)
        return len(rows)

    def _stored(self, record: CustomerRecord) -> dict[str, StoredValue]:
        """Return what is known; a value that no version of the vocabulary permits is unknown."""
        found: dict[str, StoredValue] = {}
        for name, value in record.facts.items():
            for fact in self._facts.get(name, ()):
                if value is None or found.get(fact.column) is not None:
                    continue
                try:
                    found[fact.column] = to_storage(fact, value)
                except InvalidFact:
                    found[fact.column] = None
        return found


class _Writer:
    """Where an import's records go."""

    def __init__(self, keep: _Scratch, progress: Progress) -> None:
        self._keep, self._progress = keep, progress

    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        written = self._keep.add(customers)
        self._progress(written)
        return UpsertResult(written=written, faults=list[RowFault]())


@contextmanager
def _scratch(vocabularies: Sequence[Vocabulary]) -> Iterator[_Scratch]:
    with ExitStack() as stack:
        room = stack.enter_context(tempfile.TemporaryDirectory(prefix="banyan-base-"))
        database = Database(f"sqlite:///{room}/customers.sqlite", pool_size=2)
        stack.callback(database.close)
        yield _Scratch(database, vocabularies)


def _pages(records: Iterable[CustomerRecord]) -> Iterator[list[CustomerRecord]]:
    waiting = iter(records)
    while page := list(islice(waiting, _PAGE)):
        yield page


def _fits(there: sa.ColumnElement[Any] | None, fact: Fact) -> bool:
    wanted = column_type(fact)
    return there is not None and any(isinstance(there.type, one) and isinstance(wanted, one) for one in _FAMILIES)
