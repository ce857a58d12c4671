"""Triggers that fired, as customer_view told it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import candidate, phase, trigger_firing
from services.campaigns.domain.phase import PhaseState
from shared.persistence.bulk import insert_missing


class FiringStore:
    """Port `Firings` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put(self, firings: Sequence[tuple[str, str]], at: datetime) -> None:
        """Keep (trigger, subscriber) that fired at an instant."""
        rows = [{"trigger_id": name, "fired_at": at, "customer_id": who} for name, who in sorted(set(firings))]
        insert_missing(self._connection, trigger_firing, rows)

    def newcomers(
        self, triggers: Mapping[tuple[str, str], str], moment: datetime
    ) -> Mapping[tuple[str, str], tuple[datetime, datetime]]:
        """Return the first and last instant at which a phase's trigger fired for who is not in the phase."""
        if not triggers:
            return {}
        is_member = sa.exists().where(
            candidate.c.customer_id == trigger_firing.c.customer_id,
            candidate.c.campaign_id == phase.c.campaign_id,
            candidate.c.phase == phase.c.phase,
        )
        fired = sa.and_(
            sa.or_(
                *(
                    sa.and_(
                        phase.c.campaign_id == campaign_id,
                        phase.c.phase == name,
                        trigger_firing.c.trigger_id == trigger,
                    )
                    for (campaign_id, name), trigger in triggers.items()
                )
            ),
            trigger_firing.c.fired_at >= phase.c.starts_at,
            trigger_firing.c.fired_at <= moment,
        )
        query = (
            sa.select(
                phase.c.campaign_id,
                phase.c.phase,
                sa.func.min(trigger_firing.c.fired_at),
                sa.func.max(trigger_firing.c.fired_at),
            )
            .join_from(phase, trigger_firing, fired)
            .where(~is_member)
            .group_by(phase.c.campaign_id, phase.c.phase)
        )
        return {(row[0], row[1]): (row[2], row[3]) for row in self._connection.execute(query)}

    def forget(self, moment: datetime) -> None:
        """Delete what fired before any phase that is not over: a phase that opens later asks customer_view itself."""
        earliest = sa.select(sa.func.min(phase.c.starts_at)).where(phase.c.state != PhaseState.CLOSED)
        before = sa.func.coalesce(earliest.scalar_subquery(), sa.literal(moment, trigger_firing.c.fired_at.type))
        self._connection.execute(sa.delete(trigger_firing).where(trigger_firing.c.fired_at < before))
