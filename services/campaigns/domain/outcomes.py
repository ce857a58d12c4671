"""What follows from the outcome of a contact: an order, the next step, patience, or the end."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.campaigns.domain.candidate import CandidateState
from services.campaigns.domain.plan import Treatment

LEAVES = frozenset({"refused", "opt_out", "complaint"})
"""After these the subscriber leaves the campaign."""


@dataclass(frozen=True, slots=True)
class CandidateMove:
    """Where a candidate that awaits the outcome of (`from_step`, `from_attempt`) goes."""

    customer_id: str
    campaign_id: str
    phase: str
    from_step: int
    from_attempt: int
    state: CandidateState
    step: int
    attempt: int
    channel: str | None
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class Following:
    """What follows: the candidate's next state, with step, channel and instant where there are any."""

    state: CandidateState
    step: int
    attempt: int
    channel: str | None = None
    due_at: datetime | None = None


def following(
    treatment: Treatment, step: int, attempt: int, outcome: str, at: datetime, ends_at: datetime | None
) -> Following:
    """Return what follows from an outcome; `ends_at` is the phase's end, None when it is closed."""
    if outcome == "accepted":
        return Following(CandidateState.ACCEPTED, step, attempt)
    if outcome in LEAVES:
        return Following(CandidateState.REFUSED, step, attempt)
    after = treatment.step(step + 1)
    if after and outcome in after.when:
        due_at = at + timedelta(hours=after.after_hours)
        if ends_at and due_at < ends_at:
            return Following(CandidateState.READY, step + 1, 1, after.channel, due_at)
    elif outcome == "delivered" and treatment.consent == "silence":
        due_at = at + timedelta(hours=treatment.silence_hours)
        return Following(CandidateState.SILENT, step, attempt, None, due_at)
    return Following(CandidateState.DONE, step, attempt)
