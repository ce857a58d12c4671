"""Events, firings and the watch in the database: every verb is one statement for many subscribers."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from services.customer_view.adapters.tables import (
    customer_event,
    outbox,
    trigger_firing,
    trigger_rules,
    trigger_watch,
)
from services.customer_view.application.event_ports import Due, Firing
from services.customer_view.application.happenings import Happening
from shared.contracts.customer_view import TriggersFired
from shared.persistence.bulk import insert_missing, insert_rows, upsert_rows
from shared.persistence.database import in_keys
from shared.rulekit.reading.triggers import MOST_EVENTS
from shared.rulekit.windows import Event

MOST_OF_A_TYPE = MOST_EVENTS
"""So many events of one type are read of a subscriber: no count asks for more, and a feed gone mad fills no memory."""

_NAME = "watch"


class SqlEvents:
    """Port `Events` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, happenings: Sequence[Happening]) -> None:
        """Store events, in order of id, so that batches that overlap wait for one another instead of deadlocking."""
        rows = [
            {
                "event_id": one.event_id,
                "customer_id": one.customer_id,
                "type": one.event.type,
                "at": one.event.at,
                "attributes": one.event.attributes,
            }
            for one in sorted(happenings, key=lambda one: one.event_id)
        ]
        insert_missing(self._connection, customer_event, rows)

    def of_customers(self, customer_ids: Sequence[str], since: Mapping[str, datetime]) -> Mapping[str, list[Event]]:
        """Return the events of subscribers, of each type named from its instant on, the newest MOST_OF_A_TYPE."""
        columns = customer_event.c
        wanted = sa.or_(*(sa.and_(columns.type == kind, columns.at >= start) for kind, start in since.items()))
        of_a_type = (columns.customer_id, columns.type)
        place = sa.func.row_number().over(partition_by=of_a_type, order_by=(columns.at.desc(), columns.event_id.desc()))
        newest = (
            sa.select(*of_a_type, columns.at, columns.attributes, place.label("place"))
            .where(in_keys(columns.customer_id, customer_ids), in_keys(columns.type, list(since)), wanted)
            .subquery()
        )
        query = sa.select(newest.c.customer_id, newest.c.type, newest.c.at, newest.c.attributes)
        query = query.where(newest.c.place <= MOST_OF_A_TYPE)
        found: dict[str, list[Event]] = defaultdict(list)
        for row in self._connection.execute(query):
            found[row[0]].append(Event(row[1], row[2], row[3]))
        return found

    def last_firings(self, customer_ids: Sequence[str]) -> Mapping[tuple[str, str], datetime]:
        """Return when each trigger fired last, by subscriber and trigger."""
        columns = trigger_firing.c
        query = (
            sa.select(columns.customer_id, columns.trigger_id, sa.func.max(columns.fired_at))
            .where(in_keys(columns.customer_id, customer_ids))
            .group_by(columns.customer_id, columns.trigger_id)
        )
        return {(customer_id, trigger): at for customer_id, trigger, at in self._connection.execute(query)}

    def add_firings(self, firings: Sequence[Firing], *, at: datetime, rule_set: str) -> None:
        """Store what fired."""
        rows = [
            {
                "customer_id": one.customer_id,
                "trigger_id": one.trigger_id,
                "fired_at": at,
                "trigger_version": one.trigger_version,
                "rule_set": rule_set,
                "counted": one.counted,
            }
            for one in firings
        ]
        insert_rows(self._connection, trigger_firing, rows)

    def watch(self, looks: Mapping[str, datetime | None]) -> None:
        """Note when each subscriber is to be looked at next; None: not at all."""
        over = [customer_id for customer_id, look in looks.items() if look is None]
        self._connection.execute(sa.delete(trigger_watch).where(in_keys(trigger_watch.c.customer_id, over)))
        rows = [{"customer_id": one, "due_at": look} for one, look in looks.items() if look is not None]
        upsert_rows(self._connection, trigger_watch, rows)

    def due(self, until: datetime, after: Due | None, limit: int) -> list[Due]:
        """Return who is to be looked at by an instant, in order of instant and subscriber."""
        order = (trigger_watch.c.due_at, trigger_watch.c.customer_id)
        query = sa.select(*order).where(trigger_watch.c.due_at <= until).order_by(*order).limit(limit)
        if after:
            start = sa.tuple_(sa.literal(after[0], trigger_watch.c.due_at.type), sa.literal(after[1]))
            query = query.where(sa.tuple_(*order) > start)
        return [(row[0], row[1]) for row in self._connection.execute(query)]

    def watch_all(self, triggers: str, *, since: datetime, at: datetime) -> None:
        """Have everybody with events since an instant looked at, if the watch was set by other triggers than these."""
        if self._is_set_by(triggers):
            return
        if self._connection.dialect.name == "postgresql":  # before anything else: writers lock row by row
            self._connection.execute(sa.text("SET LOCAL statement_timeout = 0"))  # some 12 s per million subscribers
            self._connection.execute(sa.text("LOCK TABLE trigger_watch IN SHARE ROW EXCLUSIVE MODE"))
            if self._is_set_by(triggers):
                return
        due_at = sa.literal(at, trigger_watch.c.due_at.type)
        everybody = sa.select(customer_event.c.customer_id, due_at).where(customer_event.c.at >= since).distinct()
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        statement = insert(trigger_watch).from_select(["customer_id", "due_at"], everybody)
        self._connection.execute(
            statement.on_conflict_do_update(index_elements=["customer_id"], set_={"due_at": statement.excluded.due_at})
        )
        upsert_rows(self._connection, trigger_rules, [{"name": _NAME, "version": triggers}])

    def forget(self, before: datetime, limit: int) -> int:
        """Delete up to `limit` events from before an instant; return how many were deleted."""
        columns = customer_event.c
        oldest = (
            sa.select(columns.event_id)
            .where(columns.at < before)
            .order_by(columns.at)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
        return self._connection.execute(sa.delete(customer_event).where(columns.event_id.in_(oldest))).rowcount

    def tell(self, event: TriggersFired, *, key: str) -> None:
        """Put what fired into the outbox."""
        outbox.add(self._connection, "triggers_fired", event, at=event.fired_at, key=key)

    def _is_set_by(self, triggers: str) -> bool:
        query = sa.select(trigger_rules.c.version).where(trigger_rules.c.name == _NAME)
        return self._connection.scalar(query) == triggers
