"""Reads everything that is stored about one subscriber."""

import msgspec
import sqlalchemy as sa

from services.campaigns.adapters.tables import candidate, contact, phase, sales_order
from services.campaigns.application.telling import Approach, Place, PlacedOrder
from shared.contracts.wire import Reason
from shared.persistence.database import Database


class ChronicleStore:
    """One subscriber's places, contacts and orders; writes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def places(self, customer_id: str) -> list[Place]:
        """Return the phases the subscriber was a member of, in order of their start."""
        columns = candidate.c
        query = (
            sa.select(
                columns.campaign_id,
                columns.phase,
                columns.cell,
                columns.state,
                columns.lost_at,
                columns.reasons,
                phase.c.starts_at,
            )
            .join(phase, (phase.c.campaign_id == columns.campaign_id) & (phase.c.phase == columns.phase))
            .where(columns.customer_id == customer_id)
            .order_by(phase.c.starts_at, columns.campaign_id)
        )
        with self._database.read() as connection:
            return [
                Place(*row[:5], reasons=_reasons(row.reasons), opened_at=row.starts_at)
                for row in connection.execute(query)
            ]

    def approaches(self, customer_id: str) -> list[Approach]:
        """Return the subscriber's contacts, permitted or not, oldest first."""
        query = (
            sa.select(contact)
            .where(contact.c.customer_id == customer_id)
            .order_by(contact.c.decided_at, contact.c.contact_id)
        )
        with self._database.read() as connection:
            return [
                Approach(
                    contact_id=row.contact_id,
                    campaign_id=row.campaign_id,
                    offering_id=row.offering_id,
                    channel=row.channel,
                    direction=row.direction,
                    state=row.state,
                    decided_at=row.decided_at,
                    planned_at=row.planned_at,
                    contacted_at=row.contacted_at,
                    outcome=row.outcome,
                    outcome_at=row.outcome_at,
                    detail=row.detail or "",
                    reasons=_reasons(row.reasons),
                )
                for row in connection.execute(query)
            ]

    def orders(self, customer_id: str) -> list[PlacedOrder]:
        """Return the subscriber's orders, oldest first."""
        columns = sales_order.c
        query = (
            sa.select(
                columns.contact_id,
                columns.campaign_id,
                columns.offering_id,
                columns.accepted_at,
                columns.state,
                columns.fulfilled_at,
            )
            .where(columns.customer_id == customer_id)
            .order_by(columns.accepted_at, columns.contact_id)
        )
        with self._database.read() as connection:
            return [PlacedOrder(*row) for row in connection.execute(query)]


def _reasons(stored: object) -> list[Reason]:
    return msgspec.convert(stored or [], list[Reason])
