"""Campaign cases and their histories."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.tables import campaign, campaign_history, phase
from services.campaigns.domain.case import Case, CaseState, HistoryEntry
from services.campaigns.domain.phase import PhaseState
from services.campaigns.domain.plan import Plan
from services.campaigns.domain.storable import is_storable
from shared.persistence.bulk import insert_missing, insert_rows, upsert_rows
from shared.persistence.database import in_keys


class CaseStore:
    """Port `Cases` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, campaign_id: str, *, lock: bool = False) -> Case | None:
        """Return a case, locked against other writers if asked."""
        if not is_storable(campaign_id):
            return None
        query = sa.select(campaign).where(campaign.c.campaign_id == campaign_id)
        found = self._cases(query.with_for_update() if lock else query)
        return found[0] if found else None

    def put(self, case: Case) -> None:
        """Store a case, its new history entries and, while it is a draft, its phases."""
        row = {
            "campaign_id": case.campaign_id,
            "plan": case.plan,
            "state": case.state,
            "approved_levels": case.approved_levels,
            "rule_set": case.rule_set,
            "changed_at": case.history[-1].at,
        }
        upsert_rows(self._connection, campaign, [row])
        entries = [
            {"campaign_id": case.campaign_id, "number": e.number, "action": e.action, "actor": e.actor, "at": e.at}
            for e in case.history
        ]
        insert_missing(self._connection, campaign_history, entries)
        if case.state is CaseState.DRAFT:
            self._connection.execute(sa.delete(phase).where(phase.c.campaign_id == case.campaign_id))
            insert_rows(self._connection, phase, _phases(case.plan))

    def live(self) -> list[Case]:
        """Return the live cases in order of id."""
        return self._cases(sa.select(campaign).where(campaign.c.state == CaseState.LIVE))

    def resting(self, since: datetime) -> Mapping[str, Sequence[str]]:
        """Return who is paused or ended at or after `since`: by campaign, those its plan says it is like."""
        has_ended = sa.and_(
            campaign.c.state.in_([CaseState.STOPPED, CaseState.FINISHED]), campaign.c.changed_at >= since
        )
        query = sa.select(campaign.c.campaign_id, campaign.c.plan)
        rows = self._connection.execute(query.where(sa.or_(campaign.c.state == CaseState.PAUSED, has_ended)))
        return {campaign_id: plan.get("similar_to", ()) for campaign_id, plan in rows}

    def many(self, campaign_ids: Iterable[str]) -> list[Case]:
        """Return the named cases, whatever their state, in order of id."""
        return self._cases(sa.select(campaign).where(in_keys(campaign.c.campaign_id, sorted(campaign_ids))))

    def _cases(self, query: sa.Select[tuple[object, ...]]) -> list[Case]:
        rows = self._connection.execute(query.order_by(campaign.c.campaign_id)).all()
        histories: dict[str, list[HistoryEntry]] = {}
        entries = campaign_history.c
        wanted = in_keys(entries.campaign_id, [row.campaign_id for row in rows])
        for entry in self._connection.execute(
            sa.select(campaign_history).where(wanted).order_by(entries.campaign_id, entries.number)
        ):
            known = HistoryEntry(entry.number, entry.action, entry.actor, entry.at)
            histories.setdefault(entry.campaign_id, []).append(known)
        return [
            Case(
                msgspec.convert(row.plan, Plan),
                CaseState(row.state),
                row.approved_levels,
                row.rule_set,
                tuple(histories.get(row.campaign_id, ())),
            )
            for row in rows
        ]


def _phases(plan: Plan) -> list[dict[str, object]]:
    return [
        {
            "campaign_id": plan.campaign,
            "phase": each.phase,
            "state": PhaseState.WAITING,
            "starts_at": plan.starts_at(each),
            "ends_at": plan.ends_at(each),
            "judged_after": "",
            "unknown": 0,
            "unknown_facts": {},
            "rule_set": "",
        }
        for each in plan.phases
    ]
