"""Decisions on record, and the scenes they refer to."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import decision, decision_scene
from shared.contracts.decisions import RecordedDecision, RecordedScene
from shared.persistence.bulk import insert_missing, upsert_rows

_SCENES_OUTLIVE = timedelta(days=1)  # a scene is noted as used once an hour, so it is kept somewhat longer
_KEY = (decision.c.decided_at, decision.c.request_id)


class DecisionStore:
    """Port `Decisions` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, decisions: Sequence[RecordedDecision]) -> None:
        """Put decisions on record; one already there stays as it is."""
        rows = [{"decided_at": each.decided_at, "request_id": each.request_id, "record": each} for each in decisions]
        insert_missing(self._connection, decision, rows)

    def keep_scene(self, scene: RecordedScene, at: datetime) -> None:
        """Keep what decisions refer to, and note that it is in use."""
        upsert_rows(self._connection, decision_scene, [{"scene": scene.scene, "content": scene, "used_at": at}])

    def page(self, after: tuple[datetime, str], limit: int) -> list[RecordedDecision]:
        """Return decisions after an instant and a request, in this order."""
        start = sa.tuple_(sa.literal(after[0], decision.c.decided_at.type), sa.literal(after[1]))
        query = sa.select(decision.c.record).where(sa.tuple_(*_KEY) > start).order_by(*_KEY).limit(limit)
        return [msgspec.convert(each, RecordedDecision) for each in self._connection.scalars(query)]

    def scenes(self, names: Collection[str]) -> list[RecordedScene]:
        """Return scenes by name, in order of name."""
        columns = decision_scene.c
        query = sa.select(columns.content).where(columns.scene.in_(sorted(names))).order_by(columns.scene)
        return [msgspec.convert(each, RecordedScene) for each in self._connection.scalars(query)]

    def forget(self, before: datetime, most: int) -> int:
        """Delete the oldest decisions made before an instant, at most so many; return how many."""
        oldest = sa.select(*_KEY).where(decision.c.decided_at < before).order_by(*_KEY).limit(most).subquery()
        old = sa.tuple_(*_KEY).in_(sa.select(oldest.c.decided_at, oldest.c.request_id))
        return self._connection.execute(sa.delete(decision).where(old)).rowcount

    def forget_scenes(self, before: datetime) -> None:
        """Delete the scenes that no decision made since an instant refers to."""
        self._connection.execute(sa.delete(decision_scene).where(decision_scene.c.used_at < before - _SCENES_OUTLIVE))
