"""The rows of one subscriber, rewritten so that they count as before and name nobody."""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.pseudonyms import SqlPseudonyms
from services.governance.adapters.tables import (
    NEWEST_BATCH,
    audit,
    contact,
    decision,
    list_entry,
    outcome,
    override,
    suppression,
)
from services.governance.application.privacy_ports import ErasedRows
from services.governance.domain.contacts import ListMark, OverrideMark
from services.governance.domain.decisions import Finding
from services.governance.domain.pseudonyms import is_pseudonym
from shared.persistence.documents import Document

ERASED = "erased"
"""Stands where a free text was."""
ERASED_TEXT = "（已抹除） / (erased)"
_PAGE = 100
_Rows = list[dict[str, Any]]


class SqlPrivacy:
    """Erases subscribers in all tables; the caller holds their lane and the lock of the lists."""

    def __init__(self, connection: Connection, pseudonyms: SqlPseudonyms) -> None:
        self._connection, self._pseudonyms = connection, pseudonyms

    def erase(self, customer_id: str, author: str, now: int) -> ErasedRows:
        """Keep the subscriber's rows under a pseudonym from now on, without any free text; overrides end.

        Once more, free texts written since are erased as well.
        """
        pseudonym = self._pseudonyms.add(customer_id, now)
        mine = (customer_id, pseudonym)
        quoted = self._entries(mine, pseudonym) | self._batches(mine, pseudonym)
        told = _Telling(quoted, self._named)
        counts = ErasedRows(
            contacts=self._rewrite(contact, mine, pseudonym, told.contact),
            suppressions=self._rewrite(suppression, mine, pseudonym, told.suppression),
            entries=self._connection.scalar(_count(list_entry, mine)) or 0,
            outcomes=self._rewrite(outcome, mine, pseudonym, told.outcome),
        )
        newest = self._connection.execute(NEWEST_BATCH).scalar_one()
        self._rewrite(override, mine, pseudonym, told.override(author, now, newest))
        self._rewrite(audit, mine, pseudonym, told.note)
        return counts

    def _named(self, own_id: str) -> str:
        return own_id if is_pseudonym(own_id) else self._pseudonyms.of_contact(own_id)

    def _entries(self, mine: Sequence[str], pseudonym: str) -> set[str]:
        """Rewrite list entries; return the texts they had."""
        texts = sa.select(list_entry.c.reason, list_entry.c.source).where(list_entry.c.customer_id.in_(mine))
        quoted = {text for row in self._connection.execute(texts) for text in row}
        change = sa.update(list_entry).where(list_entry.c.customer_id.in_(mine))
        self._connection.execute(change.values(customer_id=pseudonym, reason=ERASED, source=ERASED))
        return quoted

    def _batches(self, mine: Sequence[str], pseudonym: str) -> set[str]:
        """Rewrite the subscriber's entries and overrides among what batches were judged by; return their texts."""
        quoted: set[str] = set()
        after = 0
        while rows := self._connection.execute(_naming(mine, after)).all():
            changed = []
            for number, marks, overrides in rows:
                listed = [ListMark(*one) for one in marks or ()]
                lifted = [OverrideMark(*one) for one in overrides or ()]
                quoted |= {text for one in listed if one.customer_id in mine for text in (one.reason, one.source)}
                marked = [one if one.customer_id not in mine else _nameless(one, pseudonym) for one in listed]
                freed = [
                    one
                    if one.customer_id not in mine
                    else one._replace(customer_id=pseudonym, override_id=self._named(one.override_id))
                    for one in lifted
                ]
                changed.append({"number": number, "new_marks": marked or None, "new_overrides": freed or None})
            self._connection.execute(_REWRITE_BATCH, changed)
            after = rows[-1][0]
        return quoted

    def _rewrite(
        self, table: sa.Table, mine: Sequence[str], pseudonym: str, change: Callable[[Any], dict[str, Any]]
    ) -> int:
        """Change all of the subscriber's rows of a table by one function; return how many there are."""
        keys = list(table.primary_key.columns)
        rows = self._connection.execute(sa.select(table).where(table.c.customer_id.in_(mine))).all()
        if not rows:
            return 0
        changed = [
            {f"old_{key.name}": getattr(row, key.name) for key in keys}
            | {f"new_{k}": v for k, v in change(row).items()}
            for row in rows
        ]
        names = [name.removeprefix("new_") for name in changed[0] if name.startswith("new_")]
        statement = (
            sa.update(table)
            .where(*(key == sa.bindparam(f"old_{key.name}") for key in keys))
            .values({"customer_id": pseudonym} | {name: sa.bindparam(f"new_{name}") for name in names})
        )
        self._connection.execute(statement, changed)
        return len(rows)


class _Telling:
    """What the columns of a row say once nobody may be named; `quoted` are texts that reasons may repeat."""

    def __init__(self, quoted: set[str], named: Callable[[str], str]) -> None:
        self._quoted = {text for text in quoted if text and text != ERASED}
        self._named = named

    def contact(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
        return {
            "contact_id": self._named(row.contact_id),
            "note": "",
            "lifted": self._findings(row.lifted),
            "withdrawn": self._findings(row.withdrawn),
        }

    def suppression(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
        return {"contact_id": self._named(row.contact_id), "findings": self._findings(row.findings)}

    def outcome(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
        return {"contact_id": self._named(row.contact_id)}

    def override(self, author: str, now: int, newest: int) -> Callable[[Any], dict[str, Any]]:
        return lambda row: {
            "override_id": self._named(row.override_id),
            "reason": ERASED,
            "withdrawn_by": author if row.withdrawn_at is None else row.withdrawn_by,
            "withdrawn_at": now if row.withdrawn_at is None else row.withdrawn_at,
            "changed_after": newest if row.withdrawn_at is None else row.changed_after,
        }

    def note(self, row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row
        is_own_id = row.action.startswith("override_")
        return {"subject": self._named(row.subject) if is_own_id else row.subject, "detail": ""}

    def _findings(self, kept: Sequence[Sequence[Any]] | None) -> list[Finding] | None:
        """Return findings whose text repeats nothing that was written about the subscriber."""
        if kept is None:
            return None
        findings = [Finding(*one) for one in kept]
        return [
            one._replace(text=ERASED_TEXT) if any(text in one.text for text in self._quoted) else one
            for one in findings
        ]


_REWRITE_BATCH = (
    sa.update(decision)
    .where(decision.c.decision_id == sa.bindparam("number"))
    .values(marks=sa.bindparam("new_marks", type_=Document), overrides=sa.bindparam("new_overrides", type_=Document))
)


def _nameless(mark: ListMark, pseudonym: str) -> ListMark:
    return mark._replace(customer_id=pseudonym, reason=ERASED, source=ERASED)


def _naming(mine: Sequence[str], after: int) -> sa.Select[Any]:
    """Return the next batches that gave verdicts on the subscriber and keep an entry or an override of theirs."""
    numbers = sa.union(
        *(sa.select(table.c.decision_id).where(table.c.customer_id.in_(mine)) for table in (contact, suppression))
    )
    kept = [sa.type_coerce(column, sa.Text) for column in (decision.c.marks, decision.c.overrides)]
    names = [msgspec.json.encode(one).decode() for one in mine]
    return (
        sa.select(decision.c.decision_id, decision.c.marks, decision.c.overrides)
        .where(decision.c.decision_id.in_(sa.select(numbers.subquery().c.decision_id)), decision.c.decision_id > after)
        .where(sa.or_(*(text.contains(name, autoescape=True) for text in kept for name in names)))
        .order_by(decision.c.decision_id)
        .limit(_PAGE)
    )


def _count(table: sa.Table, mine: Sequence[str]) -> sa.Select[int]:
    return sa.select(sa.func.count()).select_from(table).where(table.c.customer_id.in_(mine))
