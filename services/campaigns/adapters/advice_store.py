"""What advice reads and keeps: snapshots and places of the visitors, and the answers given."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import advice, campaign, candidate, customer_snapshot, phase
from services.campaigns.domain.advice import Place
from services.campaigns.domain.candidate import CandidateState
from services.campaigns.domain.case import CaseState
from services.campaigns.domain.phase import RUNNING_STATES
from shared.contracts.campaigns import Recommendation
from shared.contracts.customer_view import Customer
from shared.persistence.bulk import insert_missing
from shared.persistence.database import in_keys


class AdviceStore:
    """Port `Advice` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def answers(self, request_ids: Sequence[str]) -> Mapping[str, Recommendation]:
        """Return the answers given to these requests before, by request."""
        query = sa.select(advice.c.request_id, advice.c.answer).where(in_keys(advice.c.request_id, request_ids))
        rows = self._connection.execute(query)
        return {request_id: msgspec.convert(answer, Recommendation) for request_id, answer in rows}

    def customers(self, customer_ids: Sequence[str]) -> Mapping[str, Customer]:
        """Return snapshots by subscriber; unknown ones are left out."""
        query = sa.select(customer_snapshot).where(in_keys(customer_snapshot.c.customer_id, customer_ids))
        return {
            row.customer_id: Customer(
                customer_id=row.customer_id, facts=row.facts, segments=row.segments, changed_at=row.changed_at
            )
            for row in self._connection.execute(query)
        }

    def places(self, customer_ids: Sequence[str]) -> list[Place]:
        """Return the places in open phases of live campaigns, in order of subscriber, campaign and phase."""
        columns = candidate.c
        query = (
            sa.select(
                columns.customer_id,
                columns.campaign_id,
                columns.phase,
                columns.cell,
                columns.state,
                columns.offering_id,
                columns.city,
            )
            .join(phase, sa.and_(phase.c.campaign_id == columns.campaign_id, phase.c.phase == columns.phase))
            .join(campaign, campaign.c.campaign_id == columns.campaign_id)
            .where(
                in_keys(columns.customer_id, customer_ids),
                phase.c.state.in_(RUNNING_STATES),
                campaign.c.state == CaseState.LIVE,
            )
            .order_by(columns.customer_id, columns.campaign_id, columns.phase)
        )
        return [
            Place(customer_id, campaign_id, phase_id, cell, CandidateState(state), offering_id, city)
            for customer_id, campaign_id, phase_id, cell, state, offering_id, city in self._connection.execute(query)
        ]

    def keep(self, requests: Sequence[tuple[str, str]], answers: Mapping[str, Recommendation], at: datetime) -> None:
        """Keep the answers to requests (id, channel); the first answer to a request stands."""
        rows = [
            {
                "request_id": request_id,
                "customer_id": answers[request_id].customer_id,
                "channel": channel,
                "answer": answers[request_id],
                "given_at": at,
            }
            for request_id, channel in requests
        ]
        insert_missing(self._connection, advice, rows)
