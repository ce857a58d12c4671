"""A phase as it is carried out."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class PhaseState(StrEnum):
    """Where a phase stands."""

    WAITING = "waiting"
    OPENING = "opening"  # its audience is frozen and being judged
    OPEN = "open"
    TAKING_IN = "taking_in"  # open, and those for whom its trigger fired since are being judged
    CLOSED = "closed"


RUNNING_STATES = (PhaseState.OPEN, PhaseState.TAKING_IN)


@dataclass(frozen=True, slots=True)
class OpenPhase:
    """A phase that is due or under way; members up to `judged_after` have been judged."""

    campaign_id: str
    phase: str
    state: PhaseState
    starts_at: datetime
    ends_at: datetime
    audience_id: str | None
    judged_after: str
