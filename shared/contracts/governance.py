"""governance: the one authority over contacts. RPC service `governance`, bulk twin `governance_bulk`.

| method | pool | asks | tells |
|---|---|---|---|
| reserve(requests) | both | list[ContactRequest] | list[Verdict], same order |
| check(requests) | both | list[ContactRequest] | list[Verdict]; nothing is stored |
| screen(requests) | bulk | list[ContactRequest] | list[Verdict]: list effects only; nothing is stored |
| confirm(contact_ids) | both | list[str] | list[ContactState] |
| release(contact_ids, reason) | both | list[str], str | list[ContactState] |
| explain(contact_id) | interactive | str | Receipt |
| history(customer_id) | interactive | str | list[Receipt], newest first |
| list_put(list, entries) | both | ListName, list[ListEntry] | int |
| list_remove(list, customer_ids) | both | ListName, list[str] | int |

Events in: channels `contacts_sent`, `contacts_failed`, `outcomes_recorded`; campaigns `contacts_sent`,
`outcomes_recorded` (visits). Event out: `lists_changed`.
"""

from datetime import datetime
from typing import Literal

from shared.contracts.wire import Asked, Direction, ListName, Purpose, Reason, Told

VerdictWord = Literal["permit", "suppress"]
LedgerState = Literal["reserved", "confirmed", "released", "expired", "suppressed", "unknown"]


class ContactRequest(Asked, frozen=True, kw_only=True):
    """One contact somebody wants to make. `channel` is text here so that an unknown one is suppressed, not a fault."""

    contact_id: str
    customer_id: str
    channel: str
    campaign_id: str
    offering_id: str
    category: str
    purpose: Purpose
    direction: Direction
    planned_at: datetime
    priority: float = 0.0
    """Within one batch higher goes first; ties by contact_id ascending."""
    zone: str = "Asia/Shanghai"


class Verdict(Told, frozen=True, kw_only=True):
    """The answer, and why. `suppress` always has at least one reason, the decisive one first."""

    contact_id: str
    verdict: VerdictWord
    reasons: list[Reason]
    next_allowed_at: datetime | None
    expires_at: datetime | None
    rule_set: str = ""
    """The rule set it was first judged by; `none` where no rules could be read."""


class ContactState(Told, frozen=True, kw_only=True):
    """Where a contact stands in the ledger after confirm or release."""

    contact_id: str
    state: LedgerState
    overrun: bool = False
    """True when a contact took place although its reservation had lapsed: it counts, and is flagged."""


class ReceiptCounter(Told, frozen=True, kw_only=True):
    """A counter as it stood when the verdict was given."""

    rule_id: str
    limit: int
    used: int


class Receipt(Told, frozen=True, kw_only=True):
    """Everything needed to explain a verdict to the person it concerns."""

    request: ContactRequest
    verdict: Verdict
    state: LedgerState
    decided_at: datetime
    rule_set: str
    counters: list[ReceiptCounter]
    explanation_zh: str
    explanation_en: str


class ListEntry(Asked, frozen=True, kw_only=True):
    """A subscriber on a list. Opt-outs may name the channel or category they concern; null means all."""

    customer_id: str
    reason: str
    source: str
    author: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    channel: str | None = None
    category: str | None = None


class ListsChanged(Told, frozen=True, kw_only=True):
    """Event `lists_changed`: who was put on or taken off a list."""

    list_name: ListName
    put: list[str]
    removed: list[str]
    at: datetime
