"""What feeds need from outside: where each of them stands, rows in bulk, and where refusals go."""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from services.customer_view.application.feed_state import FeedState, Message, Reject
from services.customer_view.application.ports import RowChunk
from services.customer_view.domain.cells import Value
from services.customer_view.domain.column_map import ColumnMap
from shared.rulekit.vocabulary import Fact

Item = TypeVar("Item")


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


class MessageFiles(Protocol):
    """Files of JSON lines."""

    def open_messages(self, path: Path, reached: int) -> AbstractContextManager[Iterator[Message]]:
        """Stream the lines behind a line, blank ones left out; raises UnreadableFile, while streaming too."""
        ...

    def fingerprint(self, path: Path) -> str:
        """Return what tells the content of a file from any other; raises UnreadableFile."""
        ...


class Stream(Protocol):
    """A stream of messages that are kept, each at its offset."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    def batches(self, reached: int, most: int) -> Iterator[list[Message]]:
        """Yield what lies behind an offset as it comes, up to `most` at a time; raises Unavailable."""
        ...

    def acknowledge(self) -> None:
        """Tell the broker that all messages handed out have been dealt with."""
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
