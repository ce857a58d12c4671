"""The ledger in SQL: contacts, verdicts, and what they were decided by."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import (
    NEWEST_BATCH,
    REQUEST_COLUMNS,
    contact,
    decision,
    live_at,
    rule_set,
    suppression,
)
from services.governance.adapters.tallies import tallies
from services.governance.application.kept import Counted, Issued, Stamp
from services.governance.domain.contacts import Contact, ListMark, OverrideMark
from services.governance.domain.decisions import Decision, Finding
from services.governance.domain.lifecycle import LedgerEntry
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.tallies import Counting, Tally
from shared.persistence.bulk import insert_columns, insert_missing
from shared.persistence.database import in_keys

_WIDTH = len(REQUEST_COLUMNS)
_ENTRY = ("state", "expires_at", "contacted_at", "is_overrun", "note", "lifted")
_REFUSAL = ("findings", "next_allowed_at")


def _verdicts_in(table: sa.Table) -> sa.Select[Any]:
    """Return the verdicts of one of the two tables in columns that both can fill; only a suppression has findings."""
    mine = (*REQUEST_COLUMNS, "decision_id", "counters", *(_ENTRY if table is contact else _REFUSAL))
    kinds = {name: contact.c[name].type for name in _ENTRY} | {name: suppression.c[name].type for name in _REFUSAL}
    empty = [sa.literal_column("NULL", kind).label(name) for name, kind in kinds.items() if name not in mine]
    columns = [table.c[name] for name in mine]
    return sa.select(*(columns + empty if table is contact else [*columns[:_FIXED], *empty, *columns[_FIXED:]]))


_FIXED = _WIDTH + 2
_PERMITTED, _SUPPRESSED = _verdicts_in(contact), _verdicts_in(suppression)
_SEEN = [*(contact.c[name] for name in REQUEST_COLUMNS), contact.c.contacted_at]
# One statement, and the rule set is there whether or not this process was the first to judge by it.
_NEW_BATCH = sa.text(
    "WITH known AS (INSERT INTO rule_set (rule_set, limits) VALUES (:rule_set, :limits) ON CONFLICT DO NOTHING) "
    "INSERT INTO decision (decided_at, rule_set, marks, overrides) "
    "VALUES (:decided_at, :rule_set, :marks, :overrides) RETURNING decision_id"
)
_PUT = sa.text(
    "UPDATE contact SET state = new.state, contacted_at = new.contacted_at, last_at = new.last_at, "
    "is_overrun = new.is_overrun, note = new.note, "
    "released_after = coalesce(contact.released_after, new.released_after), "
    "confirmed_after = coalesce(contact.confirmed_after, new.confirmed_after) "
    "FROM json_to_recordset(CAST(:rows AS json)) AS "
    "new(contact_id text, state text, contacted_at bigint, last_at bigint, is_overrun boolean, note text, "
    "released_after bigint, confirmed_after bigint) "
    "WHERE contact.contact_id = new.contact_id RETURNING contact.contact_id"
)

_CHANGED = ("state", "contacted_at", "last_at", "is_overrun", "note")
_PUT_ONE = (
    sa.update(contact)
    .where(contact.c.contact_id == sa.bindparam("new_contact_id"))
    .values(
        {name: sa.bindparam(f"new_{name}") for name in _CHANGED}
        | {
            name: sa.func.coalesce(contact.c[name], sa.bindparam(f"new_{name}"))
            for name in ("released_after", "confirmed_after")
        }
    )
)


class SqlLedger:
    """Contacts and verdicts in the tables `contact`, `suppression`, `decision` and `rule_set`."""

    def __init__(self, connection: Connection, newest_decision: int) -> None:
        self._connection, self._newest_decision = connection, newest_decision

    def newest_decision(self) -> int:
        """Return when the newest decision of any process was made, as the transaction began; 0 if there is none."""
        return self._newest_decision

    def issued(self, contact_ids: Sequence[str]) -> Mapping[str, Issued]:
        """Return the first verdicts of those contacts that have one."""
        if not contact_ids:  # an event may name none, or none that we know
            return {}
        wanted = sorted(contact_ids)  # as the indexes have them
        permitted = _PERMITTED.where(in_keys(contact.c.contact_id, wanted))
        suppressed = _SUPPRESSED.where(in_keys(suppression.c.contact_id, wanted))
        return _issued(self._connection.execute(sa.union_all(permitted, suppressed)).all())

    def live(self, customers: Sequence[str], since: int, now: int) -> Mapping[str, list[Contact]]:
        """Return live contacts by customer that are planned, or took place, at or after `since`."""
        query = sa.select(*_SEEN).where(
            in_keys(contact.c.customer_id, customers), contact.c.last_at >= since, live_at(now)
        )
        found: dict[str, list[Contact]] = {}
        for row in self._connection.execute(query):
            one, contacted_at = Contact._make(row[:-1]), row[-1]
            mine = found.setdefault(one.customer_id, [])
            mine.append(one)
            if contacted_at is not None and contacted_at != one.at:
                mine.append(one._replace(at=contacted_at))
        return found

    def tallies(
        self, asked: Sequence[Contact], counted: Sequence[Counting], reach: int, now: int
    ) -> Mapping[int, Tally | None]:
        """Return tallies by place among `asked`; None where a plain count does not tell, no entry where none counts."""
        return tallies(self._connection, asked, counted, reach, now) if asked else {}

    def record(
        self,
        decisions: Sequence[Decision],
        policies: PolicySet,
        now: int,
        marks: Sequence[ListMark] = (),
        overrides: Sequence[OverrideMark] = (),
    ) -> None:
        """Store new verdicts as one batch with the list entries they were judged by; permits become reservations."""
        if not decisions:
            return
        limits = [(check.policy.rule_id, check.limit, check.policy.version) for check in policies.limits]
        seen = {"decided_at": now, "rule_set": policies.version, "marks": marks or None, "overrides": overrides or None}
        number = self._new_batch(seen, limits)
        permits, refused = ([one for one in decisions if one.is_permitted is word] for word in (True, False))
        if permits:
            insert_columns(self._connection, contact, _reservations(permits, number))
        if refused:
            insert_columns(self._connection, suppression, _suppressions(refused, number))

    def _new_batch(self, seen: Mapping[str, Any], limits: Sequence[Any]) -> int:
        if self._connection.dialect.name == "postgresql":
            documents = {"marks": seen["marks"], "overrides": seen["overrides"], "limits": limits}
            given = {
                name: None if value is None else msgspec.json.encode(value).decode()
                for name, value in documents.items()
            }
            return int(self._connection.execute(_NEW_BATCH, {**seen, **given}).scalar_one())
        insert_missing(self._connection, rule_set, [{"rule_set": seen["rule_set"], "limits": limits}])
        new = sa.insert(decision).returning(decision.c.decision_id)
        return int(self._connection.execute(new, seen).scalar_one())

    def put(self, entries: Sequence[LedgerEntry]) -> frozenset[str]:
        """Overwrite state, moments and flags of contacts in the ledger; return those that have left it meanwhile."""
        if not entries:
            return frozenset()
        newest = self._newest()
        rows = [{"contact_id": entry.contact.contact_id, **_state(entry), **_noted(entry, newest)} for entry in entries]
        if self._connection.dialect.name == "postgresql":
            found = self._connection.execute(_PUT, {"rows": msgspec.json.encode(rows).decode()})
            return frozenset(entry.contact.contact_id for entry in entries).difference(found.scalars())
        keyed = [{f"new_{name}": value for name, value in row.items()} for row in rows]
        self._connection.execute(_PUT_ONE, keyed)
        return frozenset()  # the only writer there is

    def add(self, entries: Sequence[LedgerEntry]) -> None:
        """Add contacts that took place without a reservation; those already there stay as they are."""
        newest = self._newest() if entries else 0
        rows = [
            {
                **_request(entry.contact),
                **_state(entry),
                "expires_at": entry.expires_at,
                "decision_id": 0,
                "counters": None,
                **_noted(entry, newest),
            }
            for entry in entries
        ]
        insert_missing(self._connection, contact, rows)

    def _newest(self) -> int:
        return int(self._connection.execute(NEWEST_BATCH).scalar_one())

    def of_customer(self, customer_id: str, limit: int) -> list[Issued]:
        """Return the subscriber's newest verdicts, newest first."""
        rows = [
            row
            for query, table in ((_PERMITTED, contact), (_SUPPRESSED, suppression))
            for row in self._connection.execute(
                query.where(table.c.customer_id == customer_id)
                .order_by(table.c.decision_id.desc(), table.c.planned_at.desc(), table.c.contact_id)
                .limit(limit)
            )
        ]
        found = _issued(rows).values()
        newest_first = sorted(found, key=lambda one: (-one.decision, -one.contact.at, one.contact.contact_id))
        return newest_first[:limit]

    def stamps(self, decisions: Sequence[int]) -> Mapping[int, Stamp]:
        """Return when and under which rules those batches were decided."""
        query = (
            sa.select(decision.c.decision_id, decision.c.decided_at, decision.c.rule_set, rule_set.c.limits)
            .join(rule_set, rule_set.c.rule_set == decision.c.rule_set)
            .where(decision.c.decision_id.in_(sorted(set(decisions))))
        )
        return {
            number: Stamp(decided_at, version, tuple(Counted(*one) for one in limits))
            for number, decided_at, version, limits in self._connection.execute(query)
        }


def _request(asked: Contact) -> dict[str, object]:
    return dict(zip(REQUEST_COLUMNS, asked, strict=True))


def _state(entry: LedgerEntry) -> dict[str, object]:
    return {
        "state": entry.state,
        "contacted_at": entry.contacted_at,
        "last_at": entry.last_at,
        "is_overrun": entry.is_overrun,
        "note": entry.note,
    }


def _noted(entry: LedgerEntry, newest: int) -> dict[str, object]:
    """Return after which batch of verdicts a change was noted; what was noted before stays."""
    return {
        "released_after": newest if entry.state == "released" else None,
        "confirmed_after": newest if entry.state == "confirmed" else None,
    }


def _requests(decisions: Sequence[Decision]) -> dict[str, Sequence[object]]:
    return dict(zip(REQUEST_COLUMNS, zip(*(made.contact for made in decisions), strict=True), strict=True))


def _reservations(decisions: Sequence[Decision], number: int) -> dict[str, Sequence[object]]:
    asked, count = _requests(decisions), len(decisions)
    return asked | {
        "state": ["reserved"] * count,
        "expires_at": [made.expires_at for made in decisions],
        "last_at": asked["planned_at"],
        "is_overrun": [False] * count,
        "note": [""] * count,
        "decision_id": [number] * count,
        "counters": [made.counters for made in decisions],
        "lifted": [made.lifted or None for made in decisions],
    }


def _suppressions(decisions: Sequence[Decision], number: int) -> dict[str, Sequence[object]]:
    return _requests(decisions) | {
        "findings": [made.findings for made in decisions],
        "next_allowed_at": [made.next_allowed_at for made in decisions],
        "decision_id": [number] * len(decisions),
        "counters": [made.counters for made in decisions],
    }


def _issued(rows: Sequence[Any]) -> dict[str, Issued]:
    """Return verdicts by contact id; `rows` are those of `contact` before those of `suppression`."""
    found: dict[str, Issued] = {}
    for row in rows:
        asked, (number, counters) = Contact._make(row[:_WIDTH]), row[_WIDTH:_FIXED]
        state, expires_at, contacted_at, is_overrun, note, lifted, findings, next_allowed_at = row[_FIXED:]
        used = tuple(counters or ())
        if findings is None:
            entry = LedgerEntry(asked, state, expires_at, contacted_at, is_overrun, note)
            set_aside = tuple(Finding(*one) for one in lifted or ())
            found[asked.contact_id] = Issued(asked, True, expires_at, (), None, used, number, entry, set_aside)
        else:
            before = found.get(asked.contact_id)  # it took place although it was suppressed
            read, taken = tuple(Finding(*one) for one in findings), None if before is None else before.entry
            found[asked.contact_id] = Issued(asked, False, None, read, next_allowed_at, used, number, taken)
    return found
