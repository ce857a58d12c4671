"""What the use cases need from outside."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Protocol

from services.customer_view.application.event_ports import Events
from services.customer_view.application.feed_state import Feeds
from services.customer_view.domain.cells import Cells
from services.customer_view.domain.column_map import ColumnMap
from shared.contracts.customer_view import (
    Audience,
    AudiencePage,
    AudienceQuery,
    Customer,
    CustomersChanged,
    UpsertResult,
)
from shared.rulekit.facts import FactValue
from shared.rulekit.model import Condition, RuleBook
from shared.rulekit.vocabulary import Vocabulary

FactsById = Mapping[str, Mapping[str, FactValue]]
"""Checked facts by subscriber."""


class Rules(Protocol):
    """The rules in force."""

    def current(self) -> RuleBook:
        """Return the book in force now."""
        ...


@dataclass(frozen=True, slots=True)
class Change:
    """What a write changed: the subscribers, in order, and the moment that stamps them all."""

    at: datetime
    customer_ids: Sequence[str]


@dataclass(frozen=True, slots=True)
class AudienceOrder:
    """An audience to be made: who, and what to say about each."""

    query: AudienceQuery
    condition: Condition
    reads: frozenset[str]
    """The facts the condition reads."""
    on: date
    """The day of judgement."""


class Transaction(Protocol):
    """One transaction on the store, under one rule book."""

    @property
    def events(self) -> Events:
        """What triggers read and keep, in this transaction."""
        ...

    @property
    def feeds(self) -> Feeds:
        """Where feeds stand, in this transaction."""
        ...

    def put(self, facts: FactsById, *, at: datetime) -> Change:
        """Store the named facts of each subscriber, new ones included; tell which subscribers this changed.

        The stamp is `at`, or later: it never repeats or goes back for a subscriber.
        """
        ...

    def held(self, customer_ids: Sequence[str], fact: str) -> Mapping[str, FactValue]:
        """Return one fact of those subscribers that exist, who stay as they are until the transaction ends."""
        ...

    def known(self, customer_ids: Sequence[str], facts: Collection[str]) -> FactsById:
        """Return some facts of those subscribers that exist, in order of id; they stay until the transaction ends.

        Facts of other owners, and unknown ones, are left out.
        """
        ...

    def describe(self, customer_ids: Sequence[str], *, on: date) -> list[Customer]:
        """Return subscribers with known facts and segments, in order of id; unknown ids are left out."""
        ...

    def tell(self, event: CustomersChanged, *, key: str) -> None:
        """Put an event into the outbox."""
        ...

    def first_time(self, event_id: str, *, at: datetime) -> bool:
        """Note an arriving event; False when it was applied before."""
        ...

    def made(self, audience_key: str) -> tuple[AudienceQuery, Audience] | None:
        """Return the audience of a key with its query; nobody else makes one of that key until the transaction ends."""
        ...

    def make(self, order: AudienceOrder, *, at: datetime) -> Audience:
        """Freeze an audience."""
        ...

    def page(self, audience_id: str, *, after: str, limit: int) -> AudiencePage | None:
        """Return the members that follow `after`, or None if there is no such audience."""
        ...


Also = Callable[[Transaction, UpsertResult], None]
"""What takes part in a use case's transaction, at its end."""


class Store(Protocol):
    """The service's database."""

    def write(self, book: RuleBook) -> AbstractContextManager[Transaction]:
        """Open a transaction that commits at the end of the block and rolls back on any exception."""
        ...

    def read(self, book: RuleBook) -> AbstractContextManager[Transaction]:
        """Open a transaction of which nothing is kept."""
        ...


@dataclass(frozen=True, slots=True)
class FileRow:
    """One row of a file: its line (from 1) and cells, or what is wrong with it as a whole."""

    line: int
    cells: Cells | None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class RowChunk:
    """Rows of a file that follow one another, by the column; the faulty ones apart."""

    lines: Sequence[int]
    columns: Mapping[str, Sequence[str]]
    """Cells of the good rows, by column of the map."""
    faults: Sequence[FileRow]
    end: int
    """The file's line (of Parquet: the row) up to which it has been read."""


class RowFiles(Protocol):
    """Files of rows: CSV, CSV.gz, Parquet."""

    def open(self, path: Path, column_map: ColumnMap) -> AbstractContextManager[Iterator[FileRow]]:
        """Stream the columns a map names; raises UnreadableFile, while streaming too."""
        ...


class ColumnMaps(Protocol):
    """Column maps by path."""

    def read(self, path: Path, vocabulary: Vocabulary) -> ColumnMap:
        """Return a map; raises RuleFaults with the place of every mistake."""
        ...


class SeenIds(Protocol):
    """Which ids a file has shown so far, in bounded memory."""

    def first_seen(self, ids: Sequence[str]) -> set[int]:
        """Note ids; return the positions of those not seen before (of repeats within `ids`, the first)."""
        ...


SeenIdsFactory = Callable[[], AbstractContextManager[SeenIds]]
