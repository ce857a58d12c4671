"""The funnel of a campaign, counted from candidates, contacts and orders."""

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import candidate, contact, sales_order
from services.campaigns.domain.candidate import CandidateState, ContactState, Stage
from shared.contracts.campaigns import FunnelStage
from shared.contracts.wire import REACHED


class FiguresStore:
    """Port `Figures` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def funnel(self, campaign_id: str) -> dict[FunnelStage, int]:
        """Count members per stage; control counts in the audience alone.

        Whoever was permitted a contact had passed every judgement by then, whatever was said before (a visit) or
        after it (a second step that lost to a newcomer).
        """
        return {**self._judged(campaign_id), **self._approached(campaign_id), "fulfilled": self._fulfilled(campaign_id)}

    def _judged(self, campaign_id: str) -> dict[FunnelStage, int]:
        columns = candidate.c
        treated = columns.state != CandidateState.CONTROL
        lost_at = sa.func.coalesce(columns.lost_at, "")
        was_permitted = sa.exists().where(
            contact.c.customer_id == columns.customer_id,
            contact.c.campaign_id == campaign_id,
            contact.c.phase == columns.phase,
            contact.c.state != ContactState.SUPPRESSED,
        )

        def without(*stages: Stage) -> sa.ColumnElement[int]:
            return sa.func.count().filter(treated & (lost_at.not_in(stages) | was_permitted))

        query = sa.select(
            sa.func.count(),
            without(Stage.ELIGIBLE),
            without(Stage.ELIGIBLE, Stage.AFTER_LISTS),
            without(Stage.ELIGIBLE, Stage.AFTER_LISTS, Stage.AFTER_CONFLICTS),
        ).where(columns.campaign_id == campaign_id)
        audience, eligible, after_lists, after_conflicts = self._connection.execute(query).one()
        return {
            "audience": audience,
            "eligible": eligible,
            "after_lists": after_lists,
            "after_conflicts": after_conflicts,
        }

    def _approached(self, campaign_id: str) -> dict[FunnelStage, int]:
        columns = contact.c
        place = columns.customer_id + "/" + columns.phase

        def count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
            return sa.func.count(sa.case((condition, place)).distinct())

        query = sa.select(
            count(columns.state != ContactState.SUPPRESSED),
            count(columns.contacted_at.is_not(None)),
            count(columns.outcome.in_(sorted(REACHED))),
            count(columns.outcome == "accepted"),
        ).where(columns.campaign_id == campaign_id)
        permitted, contacted, reached, accepted = self._connection.execute(query).one()
        return {"after_limits": permitted, "contacted": contacted, "reached": reached, "accepted": accepted}

    def _fulfilled(self, campaign_id: str) -> int:
        columns = sales_order.c
        query = sa.select(sa.func.count((columns.customer_id + "/" + columns.phase).distinct())).where(
            columns.campaign_id == campaign_id, columns.state == "fulfilled"
        )
        return int(self._connection.scalar(query) or 0)
