"""Overrides in SQL."""

from collections.abc import Mapping, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.adapters.tables import NEWEST_BATCH, override
from services.governance.domain.contacts import OverrideMark
from services.governance.domain.overrides import OverrideEntry, mark_of
from shared.persistence.bulk import upsert_rows
from shared.persistence.database import in_keys

_ENTRY = [override.c[name] for name in OverrideEntry._fields]


class SqlOverrides:
    """Who may be contacted although a list says no, in the table `override`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def marks(self, customers: Sequence[str], since: int) -> Mapping[str, list[OverrideMark]]:
        """Return what is approved and not withdrawn by customer, unless it ends at or before `since`."""
        query = sa.select(*_ENTRY).where(
            in_keys(override.c.customer_id, customers),
            override.c.approved_at.is_not(None),
            override.c.withdrawn_at.is_(None),
            override.c.ends_at > since,
        )
        found: dict[str, list[OverrideMark]] = {}
        for row in self._connection.execute(query.order_by(override.c.override_id)):
            mark = mark_of(OverrideEntry._make(row))
            if mark is not None:
                found.setdefault(mark.customer_id, []).append(mark)
        return found

    def find(self, override_id: str) -> OverrideEntry | None:
        """Return one override, whatever became of it."""
        row = self._connection.execute(sa.select(*_ENTRY).where(override.c.override_id == override_id)).first()
        return None if row is None else OverrideEntry._make(row)

    def put(self, entry: OverrideEntry) -> None:
        """Keep an override as it stands now."""
        newest = self._connection.execute(NEWEST_BATCH).scalar_one()
        upsert_rows(self._connection, override, [{**entry._asdict(), "changed_after": newest}])

    def of_customer(self, customer_id: str, limit: int) -> list[OverrideEntry]:
        """Return the subscriber's overrides, the newest proposal first."""
        query = sa.select(*_ENTRY).where(override.c.customer_id == customer_id)
        newest_first = query.order_by(override.c.proposed_at.desc(), override.c.override_id).limit(limit)
        return [OverrideEntry._make(row) for row in self._connection.execute(newest_first)]
