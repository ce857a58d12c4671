"""Where feeds stand, in the transaction at hand."""

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.customer_view.adapters.tables import feed
from services.customer_view.application.faults import FeedTaken
from services.customer_view.application.feed_state import FeedState
from shared.persistence.bulk import upsert_rows


class SqlFeeds:
    """Port `Feeds`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def find(self, name: str) -> FeedState | None:
        """Return a feed's state."""
        row = self._connection.execute(sa.select(feed).where(feed.c.name == name)).mappings().first()
        return None if row is None else _state(row)

    def all(self) -> list[FeedState]:
        """Return the state of every feed, in order of name."""
        rows = self._connection.execute(sa.select(feed).order_by(feed.c.name)).mappings()
        return [_state(row) for row in rows]

    def begin(self, state: FeedState) -> None:
        """Store a feed that starts anew."""
        upsert_rows(self._connection, feed, [msgspec.structs.asdict(state)])

    def move(self, before: FeedState, after: FeedState) -> None:
        """Store a feed's next state; raises FeedTaken where it no longer is as it was."""
        is_same = (
            feed.c.name == before.name,
            feed.c.fingerprint == before.fingerprint,
            feed.c.started_at == before.started_at,
            feed.c.position == before.position,
        )
        values = msgspec.structs.asdict(after)
        if not self._connection.execute(sa.update(feed).where(*is_same).values(values)).rowcount:
            message = f"another process moves the feed {before.name!r}: let one of them work"
            raise FeedTaken(message, details={"field": "name", "name": before.name})


def _state(row: sa.RowMapping) -> FeedState:
    return msgspec.convert({str(name): value for name, value in row.items()}, FeedState)
