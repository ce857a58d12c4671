"""How far a feed has come, and where that is kept."""

from datetime import datetime
from typing import Literal, Protocol

import msgspec

Kind = Literal["customers", "orders", "events"]
NOWHERE = -1
"""The position of a feed of which nothing has been read."""
KEPT_REJECTS = 20
"""So many of the last refusals are kept with a feed's state."""


class Message(msgspec.Struct, frozen=True):
    """What a stream or a file of JSON lines says at one position: the offset, or the line from 1."""

    position: int
    body: bytes


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
