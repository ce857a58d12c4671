"""How far an order has come: the state machine, as pure transitions."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Literal

from services.channels.domain.order import Order
from services.channels.domain.sending import Answer, Failed, Queued, Sending, Sent
from services.channels.domain.words import REPLIES, SUITABLE, Outcome, State

RECORDING_GRACE = timedelta(hours=1)
"""How long after its expiry a listed contact may still be recorded: who called at the last minute types it in after."""

UNSURE_DETAIL = "不确定是否送达 / unknown whether it was sent"


@dataclass(frozen=True, slots=True)
class Progress:
    """Where one order stands. `due_at`: when the runner must look at it next; null: never.

    `attempted`: an attempt left the house and its end is unknown. `lease` names the runner that is sending it.
    """

    contact_id: str
    state: State
    due_at: datetime | None
    attempted: bool = False
    lease: str | None = None
    leased_until: datetime | None = None
    sent_at: datetime | None = None
    outcome: Outcome | None = None
    detail: str = ""
    answered_at: datetime | None = None
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """An order and how far it has come."""

    order: Order
    progress: Progress


def beginning(order: Order) -> Progress:
    """Return where a newly taken order stands."""
    return Progress(order.contact_id, "waiting", order.planned_at)


def leased(progress: Progress, lease: str, until: datetime) -> Progress:
    """Return the progress of an order about to be handed to the outside; nobody else may until the lease ends."""
    return replace(progress, state="sending", attempted=True, lease=lease, leased_until=until)


def expired(standing: Standing, now: datetime) -> Progress | None:
    """Return the progress of an order whose time is over at `now`, or None while it may still be made.

    An attempt whose end is unknown counts as sent: to count a contact that may not have taken place can never let
    a subscriber be contacted more than the rules allow; to forget one can.
    """
    order, progress = standing.order, standing.progress
    is_over = now >= order.expires_at + RECORDING_GRACE if progress.state == "listed" else now > order.expires_at
    if not is_over:
        return None
    if progress.attempted:
        return _at(progress, "sent", None, sent_at=order.expires_at, detail=UNSURE_DETAIL)
    return _at(progress, "lapsed", None)


def after_sending(standing: Standing, sending: Sending, *, simulated: bool) -> Progress:
    """Return the progress after the channel has answered."""
    order, progress = standing.order, standing.progress
    match sending:
        case Sent(at=at, answer_due_at=answer_due_at):
            return _at(progress, "sent", answer_due_at, sent_at=at, simulated=simulated)
        case Failed(reason=reason):
            return _at(progress, "failed", None, detail=reason, simulated=simulated)
        case Queued(again_at=None):
            return _at(progress, "listed", order.expires_at + RECORDING_GRACE)
        case Queued(again_at=again_at, unsure=unsure):
            return _at(progress, "waiting", again_at, attempted=unsure)


def after_answer(progress: Progress, answer: Answer | None, *, simulated: bool) -> Progress:
    """Return the progress once its answer has been asked for; without one the contact stays sent and is left alone."""
    if answer is None:
        return replace(progress, due_at=None)
    return _at(
        progress,
        "answered",
        None,
        sent_at=progress.sent_at or answer.at,
        outcome=answer.outcome,
        detail=answer.detail,
        answered_at=answer.at,
        simulated=simulated,
    )


def withdrawn(standing: Standing, reason: str, now: datetime) -> Progress:
    """Return the progress of an order that may not be made any more.

    If an attempt was made whose end is unknown, it counts as sent: nothing more is sent, but it may have arrived.
    """
    if standing.progress.attempted:
        return _at(standing.progress, "sent", None, sent_at=now, detail=UNSURE_DETAIL)
    return _at(standing.progress, "failed", None, detail=reason)


def postponed(progress: Progress, again_at: datetime) -> Progress:
    """Return the progress of an order that nobody could judge: it is looked at again later."""
    return replace(progress, due_at=again_at)


Settlement = Literal["record", "known", "unsuitable", "too_early", "closed"]


def settle(standing: Standing, outcome: Outcome, now: datetime) -> Settlement:
    """Say what recording `outcome` now means: it is new (record), says nothing new (known), or may not be.

    The first outcome wins. `delivered` is not the last word, though: a subscriber who got the notice may still
    answer it, and an objection must never be lost; a delivery receipt that comes after the reply says nothing new.
    """
    order, progress = standing.order, standing.progress
    if outcome not in SUITABLE[order.channel]:
        return "unsuitable"
    if progress.outcome is not None:
        if outcome == progress.outcome or (outcome == "delivered" and progress.outcome in REPLIES):
            return "known"
        return "record" if progress.outcome == "delivered" and outcome in REPLIES else "closed"
    if progress.state in {"failed", "lapsed"}:
        return "closed"
    return "too_early" if progress.sent_at is None and now < order.planned_at else "record"


def _at(progress: Progress, state: State, due_at: datetime | None, **changes: Any) -> Progress:  # noqa: ANN401 - its fields
    """Return the progress in another state, no longer leased and, unless said otherwise, without an open attempt."""
    values = {"attempted": False, **changes}
    return replace(progress, state=state, due_at=due_at, lease=None, leased_until=None, **values)
