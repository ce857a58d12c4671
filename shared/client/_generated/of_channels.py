"""What travels, as `shared.contracts.channels` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import NotRequired, TypedDict

from .of_wire import Channel, Instant, Outcome, RowFault


class DispatchOrder(TypedDict):
    """A permitted contact to be made at `planned_at`, not after `expires_at`."""

    contact_id: str
    customer_id: str
    campaign_id: str
    cell: str
    offering_id: str
    channel: Channel
    script_zh: str
    script_en: str
    planned_at: Instant
    expires_at: Instant
    propensity: NotRequired[dict[str, float]]
    """For the simulator alone: probability of each outcome. Real adapters ignore it."""


class DispatchResult(TypedDict):
    """How many orders were taken (an order already known counts as taken), and which were refused."""

    taken: int
    faults: list[RowFault]


class WorkItem(TypedDict):
    """What an agent or clerk sees."""

    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    channel: Channel
    script_zh: str
    script_en: str
    planned_at: Instant
    expires_at: Instant
    state: str
    """waiting, sent, answered, failed or lapsed."""
    outcome: Outcome | None
    detail: str


class RunResult(TypedDict):
    """What one run did."""

    sent: int
    failed: int
    answered: int
    postponed: int
    """Contacts that were due and not made, since governance could not judge them; they are looked at again."""


class SentContact(TypedDict):
    """Its fields say it all."""

    contact_id: str
    customer_id: str
    campaign_id: str
    channel: Channel
    at: Instant


class ContactsSent(TypedDict):
    """Event: these contacts took place (or began) at `at`."""

    contacts: list[SentContact]


class FailedContact(TypedDict):
    """Its fields say it all."""

    contact_id: str
    customer_id: str
    campaign_id: str
    channel: Channel
    reason: str
    at: Instant


class ContactsFailed(TypedDict):
    """Event: these contacts did not take place and will not."""

    contacts: list[FailedContact]


class RecordedOutcome(TypedDict):
    """Its fields say it all."""

    contact_id: str
    customer_id: str
    campaign_id: str
    offering_id: str
    channel: Channel
    outcome: Outcome
    detail: str
    at: Instant
    simulated: bool


class OutcomesRecorded(TypedDict):
    """Event: what came of these contacts."""

    outcomes: list[RecordedOutcome]
