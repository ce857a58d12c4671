"""The store on PostgreSQL or SQLite: one transaction object for subscribers, audiences and events."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date, datetime

import psycopg
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.customer_view.adapters import audiences, tables
from services.customer_view.adapters.customer_copy import CustomerCopy
from services.customer_view.adapters.customer_rows import CustomerRows
from services.customer_view.adapters.customers import Customers
from services.customer_view.adapters.events import SqlEvents
from services.customer_view.adapters.fact_encoding import CopyEncoding, PlainEncoding
from services.customer_view.adapters.feed_table import SqlFeeds
from services.customer_view.application.faults import WritersMet
from services.customer_view.application.feed_ports import Encoding, FactRows
from services.customer_view.application.ports import AudienceOrder, Change, FactsById
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery, Customer, CustomersChanged
from shared.persistence.database import Database
from shared.rulekit.facts import FactValue
from shared.rulekit.model import RuleBook

_PER_EVENT = 200  # as in the use cases


class SqlStore:
    """Opens transactions; brings the customer table up to a vocabulary when it first meets it."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._prepared: Customers | None = None
        self._loading: CustomerCopy | CustomerRows | None = None
        self.encoding: Encoding = CopyEncoding() if database.dialect == "postgresql" else PlainEncoding()

    @contextmanager
    def write(self, book: RuleBook) -> Iterator["SqlTransaction"]:
        """Open a transaction that commits at the end of the block and rolls back on any exception.

        Raises WritersMet: each writer locks those he found in order of id, and brings new ones after them. Who is new
        to one may meanwhile be there for another, so that they can still wait in a circle.
        """
        customers = self.prepare(book)
        try:
            with self._database.write() as connection:
                yield SqlTransaction(connection, customers, self._loading)
        except sa.exc.OperationalError as fault:
            if isinstance(fault.orig, psycopg.errors.DeadlockDetected):
                raise WritersMet("others wrote the same subscribers just now: ask again") from fault
            raise

    @contextmanager
    def read(self, book: RuleBook) -> Iterator["SqlTransaction"]:
        """Open a transaction of which nothing is kept."""
        customers = self.prepare(book)
        with self._database.read() as connection:
            yield SqlTransaction(connection, customers)

    def prepare(self, book: RuleBook) -> Customers:
        """Add columns for facts the vocabulary has gained, at the start also masks; raises VocabularyMismatch."""
        prepared = self._prepared
        if prepared is None or prepared.book is not book:
            if prepared is None or prepared.book.vocabulary.version != book.vocabulary.version:
                tables.ensure_columns(self._database, book.vocabulary)
            customers = Customers(book)
            # A change of the rules must not stop everybody for the rewriting of a table: that waits for the next start.
            tables.bind_masks(self._database, customers.table, book.vocabulary, may_build=prepared is None)
            prepared = self._prepared = customers
            loading = CustomerCopy if self._database.dialect == "postgresql" else CustomerRows
            self._loading = loading(customers, per_event=_PER_EVENT)
        return prepared


class SqlTransaction:
    """One transaction; see the port for what each verb promises."""

    def __init__(
        self, connection: Connection, customers: Customers, loading: CustomerCopy | CustomerRows | None = None
    ) -> None:
        self._connection = connection
        self._customers = customers
        self._loading = loading
        self.events = SqlEvents(connection)
        self.feeds = SqlFeeds(connection)

    def put(self, facts: FactsById, *, at: datetime) -> Change:
        """Store the named facts of each subscriber; tell which subscribers this changed."""
        return self._customers.put(self._connection, facts, at)

    def load(self, rows: FactRows, *, at: datetime, on: date, fresh: Callable[[], str]) -> int:
        """Store facts in the store's form, tell whom that changed, and return how many those were."""
        if self._loading is None:
            raise RuntimeError("a transaction for reading loads nothing")
        return self._loading.load(self._connection, rows, at=at, on=on, fresh=fresh)

    def held(self, customer_ids: Sequence[str], fact: str) -> Mapping[str, FactValue]:
        """Return one fact of those subscribers that exist, locked."""
        return self._customers.held(self._connection, customer_ids, fact)

    def known(self, customer_ids: Sequence[str], facts: Collection[str]) -> FactsById:
        """Return some facts of those subscribers that exist, locked."""
        return self._customers.known(self._connection, customer_ids, facts)

    def describe(self, customer_ids: Sequence[str], *, on: date) -> list[Customer]:
        """Return subscribers with known facts and segments."""
        return self._customers.describe(self._connection, customer_ids, on)

    def tell(self, event: CustomersChanged, *, key: str) -> None:
        """Put an event into the outbox."""
        tables.outbox.add(self._connection, "customers_changed", event, at=event.changed_at, key=key)

    def first_time(self, event_id: str, *, at: datetime) -> bool:
        """Note an arriving event; False when it was applied before."""
        return tables.outbox.first_time(self._connection, event_id, at=at)

    def made(self, audience_key: str) -> tuple[AudienceQuery, Audience] | None:
        """Return the audience of a key with its query, the key locked."""
        return audiences.made(self._connection, audience_key)

    def make(self, order: AudienceOrder, *, at: datetime) -> Audience:
        """Freeze an audience in one statement."""
        return audiences.make(self._connection, self._customers, order, at)

    def page(self, audience_id: str, *, after: str, limit: int) -> AudiencePage | None:
        """Return the members that follow `after`."""
        return audiences.page(self._connection, self._customers, audience_id, after, limit)
