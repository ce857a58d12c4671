"""Members of audiences and where each stands; every change is one statement for many rows."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.campaigns.adapters.copying import NULL, causes, copy_lines, instant, text
from services.campaigns.adapters.drop_figures import count_dropped
from services.campaigns.adapters.tables import candidate, phase
from services.campaigns.adapters.updates import is_any, update_rows
from services.campaigns.domain.candidate import CandidateState, Cause, Membership, ReadyCandidate, Stage
from services.campaigns.domain.outcomes import CandidateMove
from services.campaigns.domain.phase import OpenPhase, PhaseState
from shared.persistence.bulk import Row, insert_rows
from shared.persistence.database import in_keys

_KEY = {"customer_id": "customer_id", "campaign_id": "campaign_id", "phase": "phase"}
_AWAITING = (CandidateState.WAITING, CandidateState.SILENT)
_OPEN = (CandidateState.READY, *_AWAITING)
_TAKEN = (*_OPEN, CandidateState.ACCEPTED, CandidateState.REFUSED)
_READY_COLUMNS = tuple(
    candidate.c[name]
    for name in (
        "customer_id",
        "campaign_id",
        "phase",
        "cell",
        "treatment",
        "channel",
        "rank",
        "draw",
        "step",
        "attempt",
        "due_at",
        "city",
    )
)


class CandidateStore:
    """Port `Candidates` in one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def of_customers(self, customer_ids: Sequence[str]) -> list[Membership]:
        """Return candidates of open phases that take a place (ready to accepted), and all refusals."""
        columns = candidate.c
        is_open = sa.and_(
            phase.c.campaign_id == columns.campaign_id,
            phase.c.phase == columns.phase,
            sa.or_(phase.c.state != PhaseState.CLOSED, columns.state == CandidateState.REFUSED),
        )
        query = (
            sa.select(candidate)
            .join(phase, is_open)
            .where(in_keys(columns.customer_id, customer_ids), is_any(columns.state, _TAKEN))
            .order_by(columns.customer_id, columns.campaign_id, columns.phase)
        )
        return [_membership(row) for row in self._connection.execute(query)]

    def present(self, one: OpenPhase, customer_ids: Sequence[str]) -> frozenset[str]:
        """Return which of the subscribers are members of the phase already."""
        columns = candidate.c
        query = sa.select(columns.customer_id).where(
            in_keys(columns.customer_id, customer_ids),
            columns.campaign_id == one.campaign_id,
            columns.phase == one.phase,
        )
        return frozenset(self._connection.scalars(query))

    def add(self, memberships: Sequence[Membership]) -> None:
        """Insert judged members; the progress of their phases, kept in the same transaction, says they are new."""
        count_dropped((each.lost_at, each.reasons) for each in memberships)
        if self._connection.dialect.name == "postgresql":
            copy_lines(self._connection, candidate.name, _COPIED, map(_line, memberships))
        else:
            insert_rows(self._connection, candidate, [_row(each) for each in memberships])

    def drop(self, memberships: Sequence[Membership]) -> None:
        """Store the fall of members that were ready before."""
        rows = [_key(each) | _loss(each.lost_at or Stage.ELIGIBLE, each.reasons) for each in memberships]
        count_dropped((each.lost_at or Stage.ELIGIBLE, each.reasons) for each in memberships)
        self._change(rows, {"state": CandidateState.DROPPED})

    def give_up(self, candidates: Sequence[tuple[ReadyCandidate, tuple[Cause, ...]]], moment: datetime) -> None:
        """Note that no further attempt fits into the phase: dropped after limits, with the verdict's reasons."""
        rows = [_key(each) | _loss(Stage.AFTER_LIMITS, reasons) for each, reasons in candidates]
        count_dropped((Stage.AFTER_LIMITS, reasons) for _, reasons in candidates)
        self._change(rows, {"state": CandidateState.DROPPED, "tried_at": moment})

    def count_ready(self, campaign_id: str, channel: str, moment: datetime, before: datetime, most: int) -> int:
        """Count, up to `most`, ready candidates due before an instant and not yet tried in the run of `moment`."""
        query = sa.select(sa.literal(1)).where(_is_ready(campaign_id, channel, moment, before)).limit(most)
        return int(self._connection.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0)

    def ready(
        self,
        campaign_id: str,
        channel: str,
        moment: datetime,
        before: datetime,
        after: ReadyCandidate | None,
        limit: int,
    ) -> list[ReadyCandidate]:
        """Return the next ready candidates, best first: by score, then draw, then subscriber."""
        order = (candidate.c.rank, candidate.c.draw, candidate.c.customer_id)
        query = sa.select(*_READY_COLUMNS).where(_is_ready(campaign_id, channel, moment, before))
        if after:
            query = query.where(sa.tuple_(*order) > sa.tuple_(-after.score, after.draw, after.customer_id))
        return [_ready(row) for row in self._connection.execute(query.order_by(*order).limit(limit))]

    def set_waiting(self, candidates: Sequence[ReadyCandidate], moment: datetime) -> None:
        """Note that a contact is permitted: what comes of it is awaited."""
        same = {"state": CandidateState.WAITING, "tried_at": moment}
        self._change([_key(each) for each in candidates], same)

    def postpone(self, candidates: Sequence[tuple[ReadyCandidate, datetime]], moment: datetime) -> None:
        """Note that a contact was suppressed: the next attempt is due at the instant given."""
        rows = [_key(each) | {"attempt": each.attempt + 1, "due_at": due_at} for each, due_at in candidates]
        self._change(rows, {"tried_at": moment})

    def silent_due(self, moment: datetime, limit: int) -> list[ReadyCandidate]:
        """Return candidates whose silence is now consent, in order of subscriber, campaign and phase."""
        query = (
            sa.select(*_READY_COLUMNS)
            .where(candidate.c.state == CandidateState.SILENT, candidate.c.due_at <= moment)
            .order_by(candidate.c.customer_id, candidate.c.campaign_id, candidate.c.phase)
            .limit(limit)
        )
        return [_ready(row) for row in self._connection.execute(query)]

    def advance(self, moves: Sequence[CandidateMove]) -> None:
        """Carry out what outcomes call for; only candidates that still await that very outcome move."""
        rows = [{name: getattr(each, name) for name in CandidateMove.__dataclass_fields__} for each in moves]
        update_rows(
            self._connection,
            candidate,
            rows,
            match={**_KEY, "from_step": "step", "from_attempt": "attempt"},
            change={name: name for name in ("state", "step", "attempt", "channel", "due_at")},
            where=is_any(candidate.c.state, _AWAITING),
        )

    def leave(self, pairs: Sequence[tuple[str, str]], state: CandidateState) -> None:
        """Take subscribers out of all phases of a campaign, because they refused or accepted it elsewhere."""
        rows = [{"customer_id": customer_id, "campaign_id": name} for customer_id, name in sorted(set(pairs))]
        match = {"customer_id": "customer_id", "campaign_id": "campaign_id"}
        is_open = is_any(candidate.c.state, _OPEN)
        update_rows(self._connection, candidate, rows, match=match, same={"state": state}, where=is_open)

    def close(self, campaign_id: str) -> None:
        """Close the ready candidates of a campaign that was stopped."""
        self._connection.execute(
            sa.update(candidate)
            .where(candidate.c.campaign_id == campaign_id, candidate.c.state == CandidateState.READY)
            .values(state=CandidateState.CLOSED)
        )

    def _change(self, rows: Sequence[Row], same: Mapping[str, object]) -> None:
        """Change ready candidates: what differs is in `rows`, what is the same for all in `same`."""
        if rows:
            change = {name: name for name in rows[0] if name not in _KEY}
            is_ready = candidate.c.state == sa.literal_column(f"'{CandidateState.READY}'")
            update_rows(self._connection, candidate, rows, match=_KEY, change=change, same=same, where=is_ready)


def _is_ready(campaign_id: str, channel: str, moment: datetime, before: datetime) -> sa.ColumnElement[bool]:
    columns = candidate.c
    return sa.and_(
        columns.campaign_id == campaign_id,
        columns.channel == channel,
        columns.state == sa.literal_column(f"'{CandidateState.READY}'"),  # as text: it must match the partial index
        columns.due_at < before,
        sa.or_(columns.tried_at.is_(None), columns.tried_at < moment),
    )


def _loss(stage: Stage, reasons: Sequence[Cause]) -> dict[str, object]:
    return {
        "lost_at": stage,
        "lost_by": reasons[0].rule_id,
        "reasons": reasons,
    }


def _key(each: ReadyCandidate | Membership) -> dict[str, object]:
    return {"customer_id": each.customer_id, "campaign_id": each.campaign_id, "phase": each.phase}


_COPIED = (
    "customer_id",
    "campaign_id",
    "phase",
    "cell",
    "state",
    "lost_at",
    "lost_by",
    "reasons",
    "treatment",
    "offering_id",
    "channel",
    "rank",
    "draw",
    "step",
    "attempt",
    "due_at",
    "held",
    "city",
)


def _line(each: Membership) -> str:
    """Return the row in COPY's format; the ids of plans are letters, digits and hyphens."""
    lost_by = text(each.reasons[0].rule_id) if each.reasons else NULL
    return (
        f"{text(each.customer_id)}\t{each.campaign_id}\t{each.phase}\t{each.cell}\t{each.state.value}\t"
        f"{each.lost_at or NULL}\t{lost_by}\t{causes(each.reasons)}\t{each.treatment or NULL}\t"
        f"{text(each.offering_id)}\t{each.channel or NULL}\t{-each.score!r}\t{each.draw}\t1\t1\t"
        f"{instant(each.due_at)}\t{'t' if each.held else 'f'}\t{text(each.city)}\n"
    )


def _row(each: Membership) -> Row:
    return {
        "customer_id": each.customer_id,
        "campaign_id": each.campaign_id,
        "phase": each.phase,
        "cell": each.cell,
        "state": each.state,
        "lost_at": each.lost_at,
        "lost_by": each.reasons[0].rule_id if each.reasons else None,
        "reasons": each.reasons or None,
        "treatment": each.treatment,
        "offering_id": each.offering_id,
        "channel": each.channel,
        "rank": -each.score,
        "draw": each.draw,
        "step": 1,
        "attempt": 1,
        "due_at": each.due_at,
        "held": each.held,
        "city": each.city,
    }


def _ready(row: Sequence[object]) -> ReadyCandidate:
    values = list(row)
    values[5], values[6] = values[5] or "", -float(values[6])  # type: ignore[arg-type]  # the column is a float
    return ReadyCandidate(*values)  # type: ignore[arg-type]  # columns and fields stand in the same order


def _membership(row: sa.Row[tuple[object, ...]]) -> Membership:
    return Membership(
        customer_id=row.customer_id,
        campaign_id=row.campaign_id,
        phase=row.phase,
        cell=row.cell,
        draw=row.draw,
        held=row.held,
        city=row.city,
        state=CandidateState(row.state),
        treatment=row.treatment,
        offering_id=row.offering_id,
        channel=row.channel,
        score=-row.rank,
        due_at=row.due_at,
        stored=True,
    )
