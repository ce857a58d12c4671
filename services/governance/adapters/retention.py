"""Old rows deleted by range, a few thousand in each short transaction, beside everybody who writes.

Nobody waits for it and it waits for nobody: rows that somebody holds are left for the next time.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.locks import take
from services.governance.adapters.tables import (
    audit,
    capacity_counter,
    contact,
    decision,
    list_entry,
    outbox,
    outcome,
    override,
    rule_set,
    suppression,
)
from services.governance.application.retaining import PrunedRows
from services.governance.domain.instants import from_micros
from services.governance.domain.retention import Cutoff
from shared.observability.metrics import counter, gauge
from shared.persistence.database import Database

CHUNK = 2_000
_PRUNER = sa.text("SELECT pg_try_advisory_xact_lock(5, 0)")  # a class of its own, see locks.py; nobody waits for it
_pruned = counter("banyan_governance_pruned_rows", "Rows deleted because they were old.", ["table"])
_oldest = gauge("banyan_governance_oldest_contact_seconds", "Age of the oldest contact kept.")


class AnotherPrunes(Exception):  # noqa: N818 - no fault: the work is being done
    """Somebody else is deleting at this moment."""


class SqlRetention:
    """Deletes what is older than a cutoff; one at a time, in any number of processes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def prune(self, cutoff: Cutoff, now: int, most: int) -> PrunedRows:
        """Delete about `most` rows; where another process is at it, it is left to that one."""
        rows: Counter[str] = Counter()
        is_finished = False
        try:
            for done in self._steps(cutoff):
                rows += done
                if rows.total() >= most:
                    break
            else:
                is_finished = True
        except AnotherPrunes:
            pass
        for table, count in rows.items():
            _pruned.labels(table).inc(count)
        with self._database.read() as connection:
            oldest = connection.scalar(sa.select(sa.func.min(contact.c.planned_at)))
        _oldest.set(0 if oldest is None else max(0, now - oldest) / 1e6)
        return PrunedRows(rows["contact"], rows["suppression"], rows["outcome"], rows["decision"], is_finished)

    def _steps(self, cutoff: Cutoff) -> Iterator[Counter[str]]:
        """Do one transaction after another, and tell what each deleted."""
        yield from self._batches(cutoff.contacts)
        before = cutoff.contacts
        notes = audit.alias()  # in order of time, so the oldest are found without another index
        oldest_notes = sa.select(notes.c.audit_id).order_by(notes.c.audit_id).limit(CHUNK)
        for table, *tests in (
            (contact, contact.c.decision_id == 0, contact.c.last_at < before),  # made without any verdict
            (outcome, outcome.c.at < before),
            (list_entry, list_entry.c.ends_at < before),
            (override, override.c.ends_at < before),
            (capacity_counter, capacity_counter.c.starts_at < before),
            (outbox.inbox, outbox.inbox.c.applied_at < from_micros(before)),
            (audit, audit.c.audit_id.in_(oldest_notes), audit.c.at < cutoff.audit),
        ):
            yield from self._rows(table, tests)
        yield from self._rule_sets()

    def _batches(self, before: int) -> Iterator[Counter[str]]:
        """Delete verdicts batch by batch, the oldest first."""
        with self._database.read() as connection:
            first = connection.scalar(sa.select(sa.func.min(decision.c.decision_id)))
            old = sa.select(decision.c.decision_id).where(decision.c.decided_at < before)
            last = connection.scalar(old.order_by(decision.c.decided_at.desc()).limit(1))
        if first is None or last is None:
            return
        after = first - 1
        while after < last:
            with self._database.write() as connection:
                _alone(connection)
                until = min(last, *(_reach(connection, table, after, last) for table in (contact, suppression)))
                done = _prune_batches(connection, after, until, before)
            after = until
            yield done

    def _rows(self, table: sa.Table, tests: list[sa.ColumnElement[bool]]) -> Iterator[Counter[str]]:
        count = CHUNK
        while count == CHUNK:
            with self._database.write() as connection:
                _alone(connection)
                count = _delete(connection, table, tests, CHUNK)
            yield Counter({table.name: count})

    def _rule_sets(self) -> Iterator[Counter[str]]:
        """Delete rule sets that no verdict names; nobody may be about to write one that does."""
        unused = sa.not_(sa.exists().where(decision.c.rule_set == rule_set.c.rule_set))
        with self._database.read() as connection:
            if connection.execute(sa.select(rule_set.c.rule_set).where(unused).limit(1)).first() is None:
                return
        with self._database.write() as connection:
            _alone(connection)
            take(connection, (), alone=True)  # writers wait for the moment this takes
            done = Counter({"rule_set": connection.execute(sa.delete(rule_set).where(unused)).rowcount})
        yield done


def _alone(connection: Connection) -> None:
    if connection.dialect.name == "postgresql" and not connection.scalar(_PRUNER):
        raise AnotherPrunes


def _reach(connection: Connection, table: sa.Table, after: int, last: int) -> int:
    """Return the batch up to which there are about CHUNK rows after `after`; `last` where there are fewer."""
    ahead = sa.select(table.c.decision_id).where(table.c.decision_id > after, table.c.decision_id <= last)
    found = connection.scalar(ahead.order_by(table.c.decision_id).offset(CHUNK - 1).limit(1))
    return last if found is None else int(found)


def _prune_batches(connection: Connection, after: int, until: int, before: int) -> Counter[str]:
    """Delete the verdicts of (after, until] whose contacts are all past, and the batches of which nothing is left."""
    done: Counter[str] = Counter()
    for table, *tests in (
        (contact, contact.c.last_at < before),  # lapsed, too: nothing shorter than a reservation's life is kept
        (suppression, suppression.c.planned_at < before),
    ):
        within = [table.c.decision_id > after, table.c.decision_id <= until]
        done[table.name] = _delete(connection, table, [*within, *tests])
    rest = sa.union(
        *(
            sa.select(table.c.decision_id, table.c.customer_id).where(
                table.c.decision_id > after, table.c.decision_id <= until
            )
            for table in (contact, suppression)
        )
    )
    left: dict[int, set[str]] = {}
    for number, customer_id in connection.execute(rest):
        left.setdefault(number, set()).add(customer_id)
    newest = sa.select(sa.func.max(decision.c.decided_at)).scalar_subquery()
    numbered = sa.select(sa.func.max(decision.c.decision_id)).scalar_subquery()
    gone = [decision.c.decided_at < before, decision.c.decided_at < newest, decision.c.decision_id < numbered]
    within = [decision.c.decision_id > after, decision.c.decision_id <= until]
    done["decision"] = _delete(connection, decision, [*within, *gone, decision.c.decision_id.not_in(sorted(left))])
    _forget_others(connection, left)
    return done


def _forget_others(connection: Connection, left: dict[int, set[str]]) -> None:
    """Take out of batches that stay what they say of subscribers whose verdicts went."""
    columns = (decision.c.marks, decision.c.overrides)
    batches = sa.select(decision.c.decision_id, *columns).where(
        decision.c.decision_id.in_(sorted(left)), sa.or_(*(column.is_not(None) for column in columns))
    )
    for number, *seen in connection.execute(batches).all():
        kept = [[mark for mark in marks or () if mark[0] in left[number]] or None for marks in seen]
        if kept != seen:
            change = sa.update(decision).where(decision.c.decision_id == number)
            connection.execute(change.values(marks=kept[0], overrides=kept[1]))


def _delete(connection: Connection, table: sa.Table, tests: list[Any], limit: int | None = None) -> int:
    """Delete rows that nobody holds; return how many."""
    place: sa.ColumnElement[Any] = sa.literal_column("ctid" if connection.dialect.name == "postgresql" else "rowid")
    old = sa.select(place).select_from(table).where(*tests).limit(limit).correlate(None)
    if connection.dialect.name == "postgresql":
        held = sa.any_(sa.func.array(old.with_for_update(skip_locked=True).scalar_subquery()))
        return connection.execute(sa.delete(table).where(place == held)).rowcount
    return connection.execute(sa.delete(table).where(place.in_(old))).rowcount
