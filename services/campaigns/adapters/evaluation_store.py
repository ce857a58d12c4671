"""Counts over candidates and contacts, each one statement."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import candidate, contact
from shared.contracts.campaigns import FunnelStage
from shared.contracts.wire import REACHED


class EvaluationStore:
    """Port `Figures` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def funnel(self, campaign_id: str) -> dict[FunnelStage, int]:
        """Count subscribers per stage of the funnel; control counts in the audience alone."""
        members = candidate.c
        kept = members.state != "control"
        query = sa.select(
            sa.func.count(),
            sa.func.count().filter(kept & sa.func.coalesce(members.lost_at, "").not_in(["eligible"])),
            sa.func.count().filter(kept & sa.func.coalesce(members.lost_at, "").not_in(["eligible", "after_lists"])),
            sa.func.count().filter(
                kept & sa.func.coalesce(members.lost_at, "").not_in(["eligible", "after_lists", "after_conflicts"])
            ),
        ).where(members.campaign_id == campaign_id)
        audience, eligible, after_lists, after_conflicts = self._connection.execute(query).one()
        return {
            "audience": audience,
            "eligible": eligible,
            "after_lists": after_lists,
            "after_conflicts": after_conflicts,
            **self._contacted(campaign_id),
        }

    def _contacted(self, campaign_id: str) -> dict[FunnelStage, int]:
        made = contact.c
        place = made.customer_id + "/" + made.phase

        def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
            return sa.func.count(place.distinct()).filter(condition)

        query = sa.select(
            count(made.state != "suppressed"),
            count(made.contacted_at.is_not(None)),
            count(made.outcome.in_(sorted(REACHED))),
            count(made.outcome == "accepted"),
        ).where(made.campaign_id == campaign_id, made.direction == "outbound")
        permitted, contacted, reached, accepted = self._connection.execute(query).one()
        return {"after_limits": permitted, "contacted": contacted, "reached": reached, "accepted": accepted}
