"""channels: where contacts take place. RPC service `channels`, bulk twin `channels_bulk`.

| method | pool | asks | tells |
|---|---|---|---|
| dispatch(orders) | bulk | list[DispatchOrder] | DispatchResult; idempotent by contact_id |
| worklist(channel, limit) | interactive | Channel, int | list[WorkItem] |
| record_outcome(contact_id, outcome, detail) | interactive | str, Outcome, str | WorkItem |
| run_due(until) | bulk | datetime or null | RunResult: sends what is due, collects answers that are due |

Events out: `contacts_sent` (ContactsSent), `contacts_failed` (ContactsFailed), `outcomes_recorded` (OutcomesRecorded).
"""

from datetime import datetime

from shared.contracts.wire import Asked, Channel, Outcome, RowFault, Told


class DispatchOrder(Asked, frozen=True, kw_only=True):
    """A permitted contact to be made at `planned_at`, not after `expires_at`."""

    contact_id: str
    customer_id: str
    campaign_id: str
    cell: str
    offering_id: str
    channel: Channel
    script_zh: str
    script_en: str
    planned_at: datetime
    expires_at: datetime
    propensity: dict[str, float] = {}
    """For the simulator alone: probability of each outcome. Real adapters ignore it."""


class DispatchResult(Told, frozen=True, kw_only=True):
    """How many orders were taken (an order already known counts as taken), and which were refused."""

    taken: int
    faults: list[RowFault]


class WorkItem(Told, frozen=True, kw_only=True):
    """What an agent or clerk sees."""

    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    channel: Channel
    script_zh: str
    script_en: str
    planned_at: datetime
    expires_at: datetime
    state: str
    """waiting, sent, answered, failed or lapsed."""
    outcome: Outcome | None = None
    detail: str = ""


class RunResult(Told, frozen=True, kw_only=True):
    """What one run did."""

    sent: int
    failed: int
    answered: int
    postponed: int = 0
    """Contacts that were due and not made, since governance could not judge them; they are looked at again."""


class SentContact(Told, frozen=True, kw_only=True):
    contact_id: str
    customer_id: str
    campaign_id: str
    channel: Channel
    at: datetime


class ContactsSent(Told, frozen=True, kw_only=True):
    """Event: these contacts took place (or began) at `at`."""

    contacts: list[SentContact]


class FailedContact(Told, frozen=True, kw_only=True):
    contact_id: str
    customer_id: str
    campaign_id: str
    channel: Channel
    reason: str
    at: datetime


class ContactsFailed(Told, frozen=True, kw_only=True):
    """Event: these contacts did not take place and will not."""

    contacts: list[FailedContact]


class RecordedOutcome(Told, frozen=True, kw_only=True):
    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    channel: Channel
    outcome: Outcome
    detail: str
    at: datetime
    simulated: bool = False


class OutcomesRecorded(Told, frozen=True, kw_only=True):
    """Event: what came of these contacts."""

    outcomes: list[RecordedOutcome]
