"""Phases as they are carried out."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import campaign, candidate, phase
from services.campaigns.domain.candidate import CandidateState
from services.campaigns.domain.case import CaseState
from services.campaigns.domain.phase import RUNNING_STATES, OpenPhase, PhaseState
from shared.contracts.customer_view import Audience

_COLUMNS = (
    phase.c.campaign_id,
    phase.c.phase,
    phase.c.state,
    phase.c.starts_at,
    phase.c.ends_at,
    phase.c.audience_id,
    phase.c.judged_after,
)


class PhaseStore:
    """Port `Phases` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def due(self, moment: datetime) -> list[OpenPhase]:
        """Return phases of live campaigns that wait, have begun and have not ended, in order of campaign and phase."""
        return self._live(PhaseState.WAITING, phase.c.starts_at <= moment, phase.c.ends_at > moment)

    def open(self) -> list[OpenPhase]:
        """Return phases of live campaigns whose members are all judged."""
        return self._live(PhaseState.OPEN)

    def opening(self) -> list[OpenPhase]:
        """Return phases of live campaigns whose members are being judged."""
        return self._live(PhaseState.OPENING) + self._live(PhaseState.TAKING_IN)

    def open_with(self, opened: OpenPhase, audience: Audience) -> None:
        """Note a frozen audience that is to be judged: a waiting phase is `opening`, an open one is `taking_in`."""
        self._change(
            [opened],
            state=PhaseState.OPENING if opened.state is PhaseState.WAITING else PhaseState.TAKING_IN,
            audience_id=audience.audience_id,
            audience_size=sa.func.coalesce(phase.c.audience_size, 0) + audience.size,
            judged_after="",
            unknown=audience.unknown,
            unknown_facts=audience.unknown_facts,
            rule_set=audience.rule_set,
        )

    def judged(self, phases: Sequence[OpenPhase], upto: str) -> None:
        """Note that all members up to this subscriber are judged."""
        self._change(phases, judged_after=upto)

    def opened(self, phases: Sequence[OpenPhase]) -> None:
        """Note that all members are judged: the state becomes `open`."""
        self._change(phases, state=PhaseState.OPEN)

    def close_over(self, moment: datetime) -> list[str]:
        """Close phases that have ended, with their open candidates; return the campaigns with no phase left."""
        over = sa.and_(phase.c.state != PhaseState.CLOSED, phase.c.ends_at <= moment)
        ended = self._connection.execute(sa.select(phase.c.campaign_id, phase.c.phase).where(over)).all()
        if not ended:
            return []
        self._connection.execute(
            sa.update(candidate)
            .where(candidate.c.state == CandidateState.READY)
            .where(sa.or_(*(_is(candidate, *key) for key in ended)))
            .values(state=CandidateState.CLOSED)
        )
        self._connection.execute(sa.update(phase).where(over).values(state=PhaseState.CLOSED))
        left = sa.exists().where(phase.c.campaign_id == campaign.c.campaign_id, phase.c.state != PhaseState.CLOSED)
        query = sa.select(campaign.c.campaign_id).where(campaign.c.state == CaseState.LIVE, ~left)
        return list(self._connection.scalars(query.order_by(campaign.c.campaign_id)))

    def ends(self) -> Mapping[tuple[str, str], datetime]:
        """Return the end of every open phase, those that take in newcomers included, by campaign and phase."""
        is_running = phase.c.state.in_(RUNNING_STATES)
        query = sa.select(phase.c.campaign_id, phase.c.phase, phase.c.ends_at).where(is_running)
        return {(row.campaign_id, row.phase): row.ends_at for row in self._connection.execute(query)}

    def _live(self, state: PhaseState, *conditions: sa.ColumnElement[bool]) -> list[OpenPhase]:
        query = (
            sa.select(*_COLUMNS)
            .join(campaign, campaign.c.campaign_id == phase.c.campaign_id)
            .where(campaign.c.state == CaseState.LIVE, phase.c.state == state, *conditions)
            .order_by(phase.c.campaign_id, phase.c.phase)
        )
        return [OpenPhase(row[0], row[1], PhaseState(row[2]), *row[3:]) for row in self._connection.execute(query)]

    def _change(self, phases: Sequence[OpenPhase], **values: object) -> None:
        if phases:
            which = sa.or_(*(_is(phase, each.campaign_id, each.phase) for each in phases))
            self._connection.execute(sa.update(phase).where(which).values(**values))


def _is(table: sa.Table, campaign_id: str, phase_id: str) -> sa.ColumnElement[bool]:
    return sa.and_(table.c.campaign_id == campaign_id, table.c.phase == phase_id)
