"""Events, derived from transitions, so that no change of state can forget to tell."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

import msgspec

from services.channels.application.ports import Unit
from services.channels.domain.progress import Progress, Standing
from shared.contracts.channels import (
    ContactsFailed,
    ContactsSent,
    FailedContact,
    OutcomesRecorded,
    RecordedOutcome,
    SentContact,
)
from shared.kernel.identity import derive_id

EVENT_ITEMS = 500
"""The most contacts one event carries."""

LAPSED_REASON = "过期未联系 / not made before it expired"

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Change:
    """An order's progress before and after."""

    before: Standing
    after: Progress


@dataclass(frozen=True, slots=True)
class Told:
    """How many contacts were told of as sent, failed and answered, and how many were put off untold."""

    sent: int = 0
    failed: int = 0
    answered: int = 0
    postponed: int = 0

    def __add__(self, other: "Told") -> "Told":
        return Told(
            self.sent + other.sent,
            self.failed + other.failed,
            self.answered + other.answered,
            self.postponed + other.postponed,
        )


def apply(unit: Unit, changes: Sequence[Change], at: datetime) -> Told:
    """Save the changes and put what they mean into the outbox, in the caller's transaction."""
    unit.save([Standing(change.before.order, change.after) for change in changes])
    sent = [_sent(change) for change in changes if change.after.sent_at and not change.before.progress.sent_at]
    failed = [_failed(change, at) for change in changes if change.after.state in {"failed", "lapsed"}]
    outcomes = [_outcome(change) for change in changes if change.after.outcome != change.before.progress.outcome]
    for sents in _chunks(sent):
        _tell(unit, "contacts_sent", ContactsSent(contacts=sents), [item.contact_id for item in sents], at)
    for faileds in _chunks(failed):
        _tell(unit, "contacts_failed", ContactsFailed(contacts=faileds), [item.contact_id for item in faileds], at)
    for results in _chunks(outcomes):
        keys = [f"{item.contact_id}:{item.outcome}" for item in results]
        _tell(unit, "outcomes_recorded", OutcomesRecorded(outcomes=results), keys, at)
    return Told(len(sent), len(failed), len(outcomes))


def _tell(unit: Unit, event_type: str, event: msgspec.Struct, keys: Sequence[str], at: datetime) -> None:
    # A contact is sent once, fails once, and has an outcome once, so what an event tells of makes its name.
    unit.tell(event_type, event, at=at, key=derive_id(*keys))


def _sent(change: Change) -> SentContact:
    order, after = change.before.order, change.after
    assert after.sent_at is not None  # noqa: S101 - the caller has just asked
    return SentContact(
        contact_id=order.contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        channel=order.channel,
        at=after.sent_at,
    )


def _failed(change: Change, at: datetime) -> FailedContact:
    order, after = change.before.order, change.after
    return FailedContact(
        contact_id=order.contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        channel=order.channel,
        reason=LAPSED_REASON if after.state == "lapsed" else after.detail,
        at=at,
    )


def _outcome(change: Change) -> RecordedOutcome:
    order, after = change.before.order, change.after
    assert after.outcome is not None  # noqa: S101 - an outcome is never taken back, so a changed one is known
    assert after.answered_at is not None  # noqa: S101 - set together with the outcome
    return RecordedOutcome(
        contact_id=order.contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        offering_id=order.offering_id,
        channel=order.channel,
        outcome=after.outcome,
        detail=after.detail,
        at=after.answered_at,
        simulated=after.simulated,
    )


def _chunks(items: list[T]) -> Iterator[list[T]]:
    for start in range(0, len(items), EVENT_ITEMS):
        yield items[start : start + EVENT_ITEMS]
