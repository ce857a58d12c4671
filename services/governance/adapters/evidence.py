"""What verdicts were judged by besides contacts, read for many receipts at once."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import contact, decision, list_entry, outcome
from services.governance.application.kept import Evidence, Issued, SeenEntry
from services.governance.domain.contacts import ListMark, OutcomeMark, OverrideMark
from services.governance.domain.decisions import Finding
from shared.persistence.database import in_keys

_OUTCOME = [outcome.c[name] for name in OutcomeMark._fields]
_Place = tuple[str, str, str, str]  # customer, list, channel, category
_Marks = tuple[list[ListMark], list[OverrideMark]]


class SqlEvidence:
    """Reads list entries and overrides as batches saw them, outcomes as they were known then, and withdrawals."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of(self, issued: Sequence[Issued], reach: int, kinds: frozenset[str]) -> list[Evidence]:
        """Return the evidence of each verdict; outcomes of the kinds named, at most `reach` before the contact."""
        customers = sorted({one.contact.customer_id for one in issued})
        marks = self._marks(sorted({one.decision for one in issued}))
        put = self._put(customers)
        outcomes = self._outcomes(customers, kinds)
        withdrawn = self._withdrawn([one.contact.contact_id for one in issued if one.entry is not None])
        found = []
        for one in issued:
            who, number = one.contact.customer_id, one.decision
            lists, overrides = marks.get(number, ([], []))
            known = [
                mark for after, mark in outcomes.get(who, ()) if after < number and one.contact.at - reach < mark.at
            ]
            found.append(
                Evidence(
                    [_seen(mark, put, number) for mark in lists if mark.customer_id == who],
                    known,
                    [mark for mark in overrides if mark.customer_id == who],
                    withdrawn.get(one.contact.contact_id, ()),
                )
            )
        return found

    def _marks(self, numbers: Sequence[int]) -> Mapping[int, _Marks]:
        columns = (decision.c.decision_id, decision.c.marks, decision.c.overrides)
        query = sa.select(*columns).where(decision.c.decision_id.in_(numbers))
        return {
            number: ([ListMark(*one) for one in lists or ()], [OverrideMark(*one) for one in overrides or ()])
            for number, lists, overrides in self._connection.execute(query)
        }

    def _put(self, customers: Sequence[str]) -> Mapping[_Place, tuple[int, int]]:
        """Return when the entries that stand now were put, and after which batch."""
        key = [list_entry.c[name] for name in ("customer_id", "list_name", "channel", "category")]
        query = sa.select(*key, list_entry.c.put_after, list_entry.c.put_at)
        rows = self._connection.execute(query.where(in_keys(list_entry.c.customer_id, customers)))
        return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in rows}

    def _outcomes(self, customers: Sequence[str], kinds: frozenset[str]) -> Mapping[str, list[tuple[int, OutcomeMark]]]:
        query = sa.select(outcome.c.recorded_after, *_OUTCOME).where(
            in_keys(outcome.c.customer_id, customers), outcome.c.outcome.in_(sorted(kinds))
        )
        found: dict[str, list[tuple[int, OutcomeMark]]] = {}
        for after, *row in self._connection.execute(query.order_by(outcome.c.at, outcome.c.contact_id)):
            mark = OutcomeMark._make(row)
            found.setdefault(mark.customer_id, []).append((after, mark))
        return found

    def _withdrawn(self, contact_ids: Sequence[str]) -> Mapping[str, tuple[Finding, ...]]:
        query = sa.select(contact.c.contact_id, contact.c.withdrawn).where(
            in_keys(contact.c.contact_id, contact_ids), contact.c.withdrawn.is_not(None)
        )
        return {
            contact_id: tuple(Finding(*one) for one in findings)
            for contact_id, findings in self._connection.execute(query)
        }


def _seen(mark: ListMark, put: Mapping[_Place, tuple[int, int]], number: int) -> SeenEntry:
    """Return the entry with when it was put, where it still stands as the batch saw it."""
    place = mark.customer_id, mark.list_name, mark.channel or "", mark.category or ""
    after, put_at = put.get(place, (number, 0))
    return SeenEntry(mark, put_at if after < number else None)
