"""What campaigns may plan per channel and day."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import allotment, campaign
from services.campaigns.domain.case import CaseState
from services.campaigns.domain.pacing import Allotment
from shared.persistence.bulk import insert_missing, upsert_rows

_FIELDS = tuple(Allotment.__dataclass_fields__)
_COLUMNS = tuple(allotment.c[name] for name in _FIELDS)


class AllotmentStore:
    """Port `Allotments` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_run(self, moment: datetime) -> list[Allotment]:
        """Return the allotments granted at this moment to campaigns still live: a resumed run works on with them."""
        query = (
            sa.select(*_COLUMNS)
            .join(campaign, campaign.c.campaign_id == allotment.c.campaign_id)
            .where(allotment.c.granted_at == moment, campaign.c.state == CaseState.LIVE)
            .order_by(allotment.c.campaign_id, allotment.c.channel, allotment.c.day)
        )
        return [Allotment(*row) for row in self._connection.execute(query)]

    def used(self, campaign_ids: Sequence[str]) -> tuple[Mapping[tuple[str, str, date], int], Mapping[str, int]]:
        """Return contacts permitted by (campaign, channel, day), and fen spent by campaign."""
        columns = allotment.c
        query = (
            sa.select(
                columns.campaign_id,
                columns.channel,
                columns.day,
                sa.func.sum(columns.permitted),
                sa.func.sum(columns.spent_fen),
            )
            .where(columns.campaign_id.in_(campaign_ids))
            .group_by(columns.campaign_id, columns.channel, columns.day)
        )
        counts: dict[tuple[str, str, date], int] = {}
        spent: dict[str, int] = {}
        for campaign_id, channel, day, permitted, fen in self._connection.execute(query):
            counts[campaign_id, channel, day] = int(permitted)
            spent[campaign_id] = spent.get(campaign_id, 0) + int(fen)
        return counts, spent

    def grant(self, allotments: Sequence[Allotment]) -> None:
        """Store new ones; those already there are left as they are."""
        insert_missing(self._connection, allotment, [_row(each) for each in allotments])

    def save(self, allotments: Sequence[Allotment]) -> None:
        """Store how far they are used."""
        upsert_rows(self._connection, allotment, [_row(each) for each in allotments])


def _row(each: Allotment) -> dict[str, object]:
    return {name: getattr(each, name) for name in _FIELDS}
