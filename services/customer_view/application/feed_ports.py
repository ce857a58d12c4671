"""What feeds need from outside: where each of them stands, rows in bulk, and where refusals go."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol, TypeVar

import msgspec

from services.customer_view.application.ports import RowChunk
from services.customer_view.domain.cells import Value
from services.customer_view.domain.column_map import ColumnMap
from shared.rulekit.vocabulary import Fact

Kind = Literal["customers", "orders", "events"]
Item = TypeVar("Item")
NOWHERE = -1
"""The position of a feed of which nothing has been read."""


class Reject(msgspec.Struct, frozen=True):
    """A row, cell or message that was refused: personal cells are masked."""

    line: int
    """The line of a file, from 1; the offset of a stream, from 0."""
    column: str
    reason: str
    cell: str = ""


class FeedState(msgspec.Struct, frozen=True, kw_only=True):
    """How far a feed has come and what came of it; stored in the transaction that stores its rows."""

    name: str
    kind: Kind
    source: str
    """What is read: a file, or a stream."""
    fingerprint: str
    """What tells the content, and the way it is read, from any other."""
    started_at: datetime
    moved_at: datetime
    finished_at: datetime | None = None
    incomplete: str = ""
    """Why the file broke off; empty where it did not."""
    position: int = NOWHERE
    """The line (Parquet: row) read last; of a stream the offset."""
    rows: int = 0
    written: int = 0
    """Rows accepted, whether or not they told anything new."""
    changed: int = 0
    """Rows that changed something."""
    refused: int = 0
    bad_cells: int = 0
    unknown: dict[str, int] = {}
    """Per mapped fact the rows accepted for which it is unknown."""
    rejects: str = ""
    """The file with the refusals; empty where none is written."""
    rejects_bytes: int = 0
    """How long that file was when the rows were stored."""
    last_rejects: list[Reject] = []


class Feeds(Protocol):
    """Where feeds stand, in the transaction at hand."""

    def find(self, name: str) -> FeedState | None:
        """Return a feed's state."""
        ...

    def all(self) -> list[FeedState]:
        """Return the state of every feed, in order of name."""
        ...

    def begin(self, state: FeedState) -> None:
        """Store a feed that starts anew."""
        ...

    def move(self, before: FeedState, after: FeedState) -> None:
        """Store a feed's next state; raises FeedTaken where it no longer is as it was."""
        ...


@dataclass(frozen=True, slots=True)
class FactRows:
    """Subscribers with facts in the store's own form, by the column of the customer table; ids are not repeated."""

    customer_ids: Sequence[str]
    columns: Mapping[str, Sequence[object]]


@dataclass(frozen=True, slots=True)
class ReadRows:
    """What became of one stretch of a file."""

    rows: FactRows
    count: int
    """Rows in all, refused ones included."""
    refused: int
    bad_cells: int
    unknown: Counter[str]
    rejects: list[Reject]
    end: int
    incomplete: str = ""


class Encoding(Protocol):
    """The form in which the store takes facts in bulk."""

    unknown: object

    def encode(self, fact: Fact, value: Value) -> object:
        """Return a value in that form; raises InvalidFact for one the vocabulary does not permit."""
        ...


class FeedFiles(Protocol):
    """Files, by the column."""

    def open_chunks(self, path: Path, column_map: ColumnMap, size: int) -> AbstractContextManager[Iterator[RowChunk]]:
        """Stream the columns a map names, about `size` rows at a time; raises UnreadableFile, while streaming too."""
        ...

    def fingerprint(self, path: Path) -> str:
        """Return what tells the content of a file from any other; raises UnreadableFile."""
        ...


class Rejects(Protocol):
    """Where refusals are written."""

    def write(self, rejects: Sequence[Reject]) -> int:
        """Write refusals so that they stay; return how long the file is then."""
        ...


OpenRejects = Callable[[str, int], AbstractContextManager[Rejects]]
"""Opens the file of a path (none: nothing is written), cut to a length; raises RejectsLost where it is shorter."""
Ahead = Callable[[Iterator[Item]], AbstractContextManager[Iterator[Item]]]
"""Works an iterator off in a thread, a little ahead of whoever reads it."""
Progress = Callable[[FeedState], None]


@dataclass(frozen=True, slots=True)
class FileOrder:
    """A file to be loaded: under which name, by which map, where refusals go."""

    path: Path
    column_map: Path
    name: str
    rejects: Path | None = None
    is_again: bool = False
    """Load it though it has been loaded."""


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What a run brought: the feed's state, where the run began, and whether there was nothing to do."""

    state: FeedState
    resumed_from: int = 0
    """Rows that an earlier run had stored."""
    was_loaded: bool = False
