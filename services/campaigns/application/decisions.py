"""Use cases around decisions on record: read them page by page, and forget them in time."""

from datetime import UTC, datetime, timedelta

from services.campaigns.application.store_ports import Store
from services.campaigns.domain.storable import is_storable
from shared.contracts.decisions import DecisionsPage
from shared.kernel.clock import Clock
from shared.kernel.faults import InvalidRequest

MOST = 1_000
"""Decisions on a page: one holds all that was known of a subscriber, 1 to 3 kB."""

_BATCH = 5_000  # deleted in one transaction, so that desks do not wait for it
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_SEPARATOR = "|"


class Decisions:
    """Keeps decisions for so many days."""

    def __init__(self, store: Store, clock: Clock, kept_for: timedelta) -> None:
        self._store, self._clock, self._kept_for = store, clock, kept_for

    def page(self, after: str, limit: int) -> DecisionsPage:
        """Return up to `limit` decisions after a mark, oldest first, with the scenes they name."""
        if not 1 <= limit <= MOST:
            message = f"limit must be 1 to {MOST}, not {limit}"
            raise InvalidRequest(message, details={"field": "limit"})
        with self._store.read() as tx:
            found = tx.decisions.page(_start(after), limit)
            scenes = tx.decisions.scenes({each.scene for each in found})
        last = found[-1] if len(found) == limit else None
        mark = f"{last.decided_at.isoformat()}{_SEPARATOR}{last.request_id}" if last else None
        return DecisionsPage(decisions=found, scenes=scenes, next_after=mark)

    def forget(self) -> int:
        """Delete what is older than it is kept for; return how many decisions."""
        before = self._clock.now() - self._kept_for
        total, deleted = 0, _BATCH
        while deleted == _BATCH:
            with self._store.write() as tx:
                deleted = tx.decisions.forget(before, _BATCH)
            total += deleted
        with self._store.write() as tx:
            tx.decisions.forget_scenes(before)
        return total


def _start(after: str) -> tuple[datetime, str]:
    """Return the instant and the request a mark stands for."""
    if not after:
        return _BEGINNING, ""
    moment, _, request_id = after.partition(_SEPARATOR)
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None or not is_storable(request_id):
        raise InvalidRequest("`after` is not a mark that a page gave", details={"field": "after"})
    return found, request_id
