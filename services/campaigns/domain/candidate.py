"""A subscriber's place in one phase of a campaign, the contacts made from it, and the reasons of every drop."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class CandidateState(StrEnum):
    """Where a member of an audience stands."""

    CONTROL = "control"  # never contacted
    DROPPED = "dropped"  # fell out at `lost_at`
    READY = "ready"  # a contact may be asked for from `due_at` on
    WAITING = "waiting"  # a contact is reserved or made; what comes of it is awaited
    SILENT = "silent"  # told; taken as consent at `due_at` unless refused before
    ACCEPTED = "accepted"
    REFUSED = "refused"
    DONE = "done"  # no step is left
    CLOSED = "closed"  # the phase or the campaign ended first


class ContactState(StrEnum):
    """Where one contact stands."""

    RESERVED = "reserved"
    DISPATCHED = "dispatched"
    SENT = "sent"
    ANSWERED = "answered"
    FAILED = "failed"
    SUPPRESSED = "suppressed"


class Stage(StrEnum):
    """The stages of the funnel at which a candidate can fall out."""

    ELIGIBLE = "eligible"
    AFTER_LISTS = "after_lists"
    AFTER_CONFLICTS = "after_conflicts"
    AFTER_LIMITS = "after_limits"


@dataclass(frozen=True, slots=True)
class Cause:
    """Why something was decided: a rule, its version, and words in Chinese and English separated by ` / `."""

    rule_id: str
    rule_version: str
    text: str


@dataclass(slots=True)
class Membership:
    """One row of the candidate table while it is judged; the only mutable value here, for speed over millions."""

    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    draw: int
    held: bool
    city: str | None
    state: CandidateState = CandidateState.READY
    treatment: str | None = None
    offering_id: str | None = None
    channel: str | None = None
    score: float = 0.0
    due_at: datetime | None = None
    lost_at: Stage | None = None
    reasons: tuple[Cause, ...] = ()
    stored: bool = False
    """True when the row is already in the store and judged again beside new ones."""

    def drop(self, stage: Stage, reasons: tuple[Cause, ...]) -> None:
        """Take it out of the campaign at a stage; `reasons` is never empty, the decisive one first."""
        self.state, self.lost_at, self.reasons = CandidateState.DROPPED, stage, reasons


@dataclass(frozen=True, slots=True)
class ReadyCandidate:
    """What is needed to ask for the next contact."""

    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    treatment: str
    channel: str
    score: float
    draw: int
    step: int
    attempt: int
    due_at: datetime
    city: str | None


@dataclass(frozen=True, slots=True)
class Contact:
    """One approach, permitted or suppressed, as it is stored."""

    contact_id: str
    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    treatment: str
    offering_id: str
    step: int
    attempt: int
    channel: str
    direction: str
    state: ContactState
    script_id: str
    cost_fen: int
    city: str | None
    decided_at: datetime
    planned_at: datetime
    expires_at: datetime | None = None
    contacted_at: datetime | None = None
    outcome: str | None = None
    outcome_at: datetime | None = None
    detail: str | None = None
    reasons: tuple[Cause, ...] = ()
