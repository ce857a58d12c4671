"""Reservations read for `recheck`: one statement says of thousands where they stand and what came after them."""

from collections.abc import Mapping, Sequence

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import (
    REQUEST_COLUMNS,
    contact,
    decision,
    list_entry,
    outcome,
    override,
)
from services.governance.application.kept import Outstanding
from services.governance.domain.contacts import Contact
from services.governance.domain.decisions import Finding
from services.governance.domain.lifecycle import LedgerEntry
from services.governance.domain.policy_set import PolicySet
from shared.persistence.database import in_keys

_WIDTH = len(REQUEST_COLUMNS)
_ENTRY = ("expires_at", "contacted_at", "is_overrun", "note")
_WITHDRAW = sa.text(
    "UPDATE contact SET withdrawn = new.withdrawn "
    "FROM json_to_recordset(CAST(:rows AS json)) AS new(contact_id text, withdrawn text) "
    "WHERE contact.contact_id = new.contact_id"
)
_WITHDRAW_ONE = (
    sa.update(contact)
    .where(contact.c.contact_id == sa.bindparam("of"))
    .values(withdrawn=sa.bindparam("why", type_=sa.Text))
)


class SqlReservations:
    """Permitted contacts in the table `contact`, with what the others tell about the time after their verdict."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def read(self, contact_ids: Sequence[str], policies: PolicySet, now: int) -> Mapping[str, Outstanding]:
        """Return those of the contacts that were permitted, or took place, by contact id."""
        query = (
            sa.select(
                *(contact.c[name] for name in REQUEST_COLUMNS),
                contact.c.state,
                *(contact.c[name] for name in _ENTRY),
                contact.c.lifted,
                contact.c.withdrawn,
                sa.func.coalesce(decision.c.rule_set, ""),
                _is_untouched(policies, now),
            )
            .join_from(contact, decision, decision.c.decision_id == contact.c.decision_id, isouter=True)
            .where(in_keys(contact.c.contact_id, contact_ids))
        )
        found = {}
        for row in self._connection.execute(query):
            asked = Contact._make(row[:_WIDTH])
            state, expires_at, contacted_at, is_overrun, note, lifted, withdrawn, rule_set, is_untouched = row[_WIDTH:]
            entry = LedgerEntry(asked, state, expires_at, contacted_at, is_overrun, note)
            read = [tuple(Finding(*one) for one in findings or ()) for findings in (lifted, withdrawn)]
            found[asked.contact_id] = Outstanding(entry, read[0], read[1], rule_set, bool(is_untouched))
        return found

    def note_withdrawn(self, findings: Mapping[str, Sequence[Finding]]) -> None:
        """Keep why reservations were taken back, by contact id."""
        if not findings:
            return
        texts = {contact_id: msgspec.json.encode(found).decode() for contact_id, found in findings.items()}
        if self._connection.dialect.name == "postgresql":
            rows = [{"contact_id": contact_id, "withdrawn": text} for contact_id, text in texts.items()]
            self._connection.execute(_WITHDRAW, {"rows": msgspec.json.encode(rows).decode()})
        else:
            self._connection.execute(
                _WITHDRAW_ONE, [{"of": contact_id, "why": text} for contact_id, text in texts.items()]
            )


def _is_untouched(policies: PolicySet, now: int) -> sa.ColumnElement[bool]:
    """Return the test whether a reservation, decided under these policies, still holds by construction.

    Whatever came after its verdict is looked for; `application.rechecking` says why that is enough.
    """
    mine = contact.c.decision_id
    return sa.and_(
        mine > 0,
        decision.c.rule_set == policies.version,
        contact.c.lifted.is_(None),
        ~_exists(list_entry, sa.or_(list_entry.c.put_after >= mine, _begins_until(now))),
        ~_exists(override, override.c.changed_after >= mine),
        ~_exists(
            outcome,
            outcome.c.recorded_after >= mine,
            outcome.c.at >= contact.c.planned_at - policies.outcome_reach,
            outcome.c.outcome.in_(sorted(policies.outcomes)),
        ),
        ~_has_unforeseen_contact(policies),
    )


def _begins_until(now: int) -> sa.ColumnElement[bool]:
    return sa.and_(list_entry.c.starts_at > contact.c.planned_at, list_entry.c.starts_at <= now)


def _exists(table: sa.Table, *tests: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(table.c.customer_id == contact.c.customer_id, *tests).correlate(contact)


def _has_unforeseen_contact(policies: PolicySet) -> sa.ColumnElement[bool]:
    """Find contacts of the subscriber that no verdict under these policies made room for.

    They took place without a place, or at another moment than planned, or were permitted under other policies.
    """
    other, judged = contact.alias("other"), decision.alias("judged")
    moved = sa.or_(other.c.is_overrun, other.c.contacted_at != other.c.planned_at)
    return (
        sa.exists()
        .select_from(other.outerjoin(judged, judged.c.decision_id == other.c.decision_id))
        .where(
            other.c.customer_id == contact.c.customer_id,
            other.c.contact_id != contact.c.contact_id,
            other.c.last_at >= contact.c.planned_at - policies.reach,
            sa.or_(
                sa.and_(other.c.confirmed_after >= contact.c.decision_id, moved),
                sa.and_(other.c.decision_id > contact.c.decision_id, judged.c.rule_set != policies.version),
            ),
        )
        .correlate(contact)
    )
