"""Contacts, permitted and suppressed, and the words said in them."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.copying import causes, copy_lines, instant, text
from services.campaigns.adapters.tables import contact, script
from services.campaigns.adapters.updates import is_any, update_rows
from services.campaigns.domain.candidate import Cause, Contact, ContactState
from services.campaigns.domain.conflicts import PastContact
from shared.kernel.text import Text
from shared.persistence.bulk import Row, insert_missing
from shared.persistence.database import in_keys

_FIELDS = tuple(Contact.__dataclass_fields__)
_LIVE = (ContactState.RESERVED, ContactState.DISPATCHED, ContactState.SENT, ContactState.ANSWERED)
_UNSENT = (ContactState.RESERVED, ContactState.DISPATCHED)
_ID = {"contact_id": "contact_id"}


class ContactStore:
    """Port `Contacts` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, contacts: Sequence[Contact]) -> None:
        """Insert contacts; those already there are left as they are."""
        insert_missing(self._connection, contact, [_row(each) for each in contacts])

    def add_new(self, contacts: Sequence[Contact]) -> None:
        """Insert the contacts of a batch of ready candidates; who is ready has no contact of this attempt yet."""
        if self._connection.dialect.name == "postgresql":
            copy_lines(self._connection, contact.name, _COPIED, map(_line, contacts))
        else:
            self.add(contacts)

    def get(self, contact_id: str) -> Contact | None:
        """Return one contact."""
        row = self._connection.execute(sa.select(contact).where(contact.c.contact_id == contact_id)).first()
        return None if row is None else _contact(row)

    def many(self, contact_ids: Sequence[str]) -> list[Contact]:
        """Return the known ones of these contacts, in order of id."""
        return self._contacts(in_keys(contact.c.contact_id, contact_ids))

    def reserved(self, after: str, limit: int) -> list[Contact]:
        """Return outbound contacts permitted but not yet handed to channels, in order of id."""
        is_reserved = contact.c.state == sa.literal_column(f"'{ContactState.RESERVED}'")
        query = is_reserved & (contact.c.contact_id > after) & (contact.c.direction == "outbound")
        return self._contacts(query, limit)

    def set_dispatched(self, contact_ids: Sequence[str]) -> None:
        """Note that they are handed over: reserved becomes dispatched."""
        self._connection.execute(
            sa.update(contact)
            .where(in_keys(contact.c.contact_id, contact_ids), contact.c.state == ContactState.RESERVED)
            .values(state=ContactState.DISPATCHED)
        )

    def set_sent(self, at: Mapping[str, datetime]) -> None:
        """Note that they took place at these instants; an outcome that came first is not undone."""
        rows = [{"contact_id": name, "at": moment, "state": ContactState.SENT} for name, moment in at.items()]
        update_rows(self._connection, contact, rows, match=_ID, change={"at": "contacted_at"})
        unsent = is_any(contact.c.state, _UNSENT)
        update_rows(self._connection, contact, rows, match=_ID, change={"state": "state"}, where=unsent)

    def set_failed(self, reasons: Mapping[str, str]) -> list[Contact]:
        """Note that they will not take place; return those of which this is news."""
        failing = self._contacts(in_keys(contact.c.contact_id, sorted(reasons)) & is_any(contact.c.state, _UNSENT))
        rows = [
            {"contact_id": each.contact_id, "state": ContactState.FAILED, "detail": reasons[each.contact_id]}
            for each in failing
        ]
        change = {"state": "state", "detail": "detail"}
        update_rows(self._connection, contact, rows, match=_ID, change=change)
        return failing

    def set_answered(self, answers: Sequence[tuple[str, str, str, datetime]]) -> None:
        """Note (contact, outcome, detail, at); an answer implies that the contact took place. The latest stands."""
        rows = [
            {"contact_id": name, "outcome": outcome, "detail": detail, "at": at, "state": ContactState.ANSWERED}
            for name, outcome, detail, at in answers
        ]
        change = {"outcome": "outcome", "detail": "detail", "at": "outcome_at", "state": "state"}
        newer = sa.or_(contact.c.outcome_at.is_(None), contact.c.outcome != "accepted")
        update_rows(self._connection, contact, rows, match=_ID, change=change, where=newer)
        unseen = contact.c.contacted_at.is_(None)
        update_rows(self._connection, contact, rows, match=_ID, change={"at": "contacted_at"}, where=unseen)

    def recent(self, customer_ids: Sequence[str], since: datetime) -> list[PastContact]:
        """Return live contacts of the given subscribers planned since an instant, by subscriber, then time."""
        columns = contact.c
        query = (
            sa.select(columns.customer_id, columns.campaign_id, columns.offering_id, columns.planned_at)
            .where(
                in_keys(columns.customer_id, customer_ids), columns.planned_at >= since, is_any(columns.state, _LIVE)
            )
            .order_by(columns.customer_id, columns.planned_at)
        )
        return [PastContact(*row) for row in self._connection.execute(query)]

    def keep_scripts(self, scripts: Mapping[str, Text]) -> None:
        """Store the words said, by their derived id; the same few are said again and again."""
        there = set(
            self._connection.scalars(sa.select(script.c.script_id).where(in_keys(script.c.script_id, sorted(scripts))))
        )
        rows = [
            {"script_id": name, "zh": words.zh, "en": words.en}
            for name, words in sorted(scripts.items())
            if name not in there
        ]
        insert_missing(self._connection, script, rows)

    def scripts(self, script_ids: Iterable[str]) -> Mapping[str, Text]:
        """Return the words by their ids."""
        query = sa.select(script).where(in_keys(script.c.script_id, sorted(set(script_ids))))
        return {row.script_id: Text(row.zh, row.en) for row in self._connection.execute(query)}

    def _contacts(self, condition: sa.ColumnElement[bool], limit: int | None = None) -> list[Contact]:
        query = sa.select(contact).where(condition).order_by(contact.c.contact_id).limit(limit)
        return [_contact(row) for row in self._connection.execute(query)]


_COPIED = (
    "contact_id",
    "customer_id",
    "campaign_id",
    "phase",
    "cell",
    "treatment",
    "offering_id",
    "step",
    "attempt",
    "channel",
    "direction",
    "state",
    "script_id",
    "cost_fen",
    "city",
    "decided_at",
    "planned_at",
    "expires_at",
    "reasons",
)


def _line(each: Contact) -> str:
    """Return a contact just decided in COPY's format; the ids of plans are letters, digits and hyphens."""
    return (
        f"{each.contact_id}\t{text(each.customer_id)}\t{each.campaign_id}\t{each.phase}\t{each.cell}\t"
        f"{each.treatment}\t{text(each.offering_id)}\t{each.step}\t{each.attempt}\t{each.channel}\t{each.direction}\t"
        f"{each.state.value}\t{each.script_id}\t{each.cost_fen}\t{text(each.city)}\t{instant(each.decided_at)}\t"
        f"{instant(each.planned_at)}\t{instant(each.expires_at)}\t{causes(each.reasons)}\n"
    )


def _row(each: Contact) -> Row:
    return {name: getattr(each, name) for name in _FIELDS} | {"reasons": each.reasons or None}


def _contact(row: sa.Row[tuple[object, ...]]) -> Contact:
    values = dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for a row as a mapping
    values["state"] = ContactState(row.state)
    values["reasons"] = tuple(Cause(**each) for each in row.reasons or ())
    return Contact(**values)
