"""governance: the one authority over contacts. RPC service `governance`, bulk twin `governance_bulk`.

| method | pool | asks | tells |
|---|---|---|---|
| reserve(requests) | both | list[ContactRequest] | list[Verdict], same order |
| check(requests) | both | list[ContactRequest] | list[Verdict]; nothing is stored |
| screen(requests) | bulk | list[ContactRequest] | list[Verdict]: list effects only; nothing is stored |
| confirm(contact_ids) | both | list[str] | list[ContactState] |
| release(contact_ids, reason) | both | list[str], str | list[ContactState] |
| recheck(contact_ids) | both | list[str] | list[Verdict]: reservations that no longer hold are withdrawn |
| explain(contact_id) | interactive | str | Receipt |
| history(customer_id) | interactive | str | list[Receipt], newest first |
| list_put(list, entries) | both | ListName, list[ListEntry] | int |
| list_remove(list, customer_ids, author, reason) | both | ListName, list[str], str, str | int |
| list_read(list, after, limit, customer_id) | bulk | ListName, str, int, str | ListPage, in order of customer id |
| override_propose(proposal) | interactive | OverrideProposal | Override, not yet in force |
| override_approve(override_id, author) | interactive | str, str | Override, in force; the author is another person |
| override_withdraw(override_id, author, reason) | interactive | str, str, str | Override, no longer in force |
| overrides(customer_id) | interactive | str | list[Override], newest first |
| audit(customer_id) | interactive | str | list[AuditNote], newest first |
| subscriber_export(customer_id, author) | interactive | str, str | SubscriberRecord |
| subscriber_erase(customer_id, author, reason) | interactive | str, str, str | Erasure |
| prune() | bulk | | Pruned: what retention deleted |

Events in: channels `contacts_sent`, `contacts_failed`, `outcomes_recorded`; campaigns `contacts_sent`,
`outcomes_recorded` (visits). Event out: `lists_changed`.
"""

from datetime import datetime
from typing import Literal

from shared.contracts.wire import Asked, Direction, ListName, Purpose, Reason, Told

VerdictWord = Literal["permit", "suppress"]
UNDECIDED = frozenset(
    f"governance/{code}"
    for code in (
        *("rules-unreadable", "clock-behind", "unknown-zone", "unknown-channel"),
        *("no-policy-in-force", "planned-in-the-past", "planned-too-far-ahead", "not-at-this-hour"),
    )
)
"""Reasons of `recheck` with which nobody could judge, or the hour is wrong: not now, and the reservation stands."""

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
    similar_to: list[str] = []
    """Campaigns of which this one is too like to follow soon; it is enough that one of two names the other."""


class Verdict(Told, frozen=True, kw_only=True):
    """The answer, and why. `suppress` always has at least one reason, the decisive one first.

    A permit has reasons only where an override lifted a list effect: one for each that was lifted.
    """

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
    """True when a contact took place without a valid reservation: it counts, and is flagged."""


class ReceiptCounter(Told, frozen=True, kw_only=True):
    """A counter as it stood when the verdict was given."""

    rule_id: str
    limit: int
    used: int
    rule_version: str = ""
    """Empty where the verdict was given before versions were kept."""


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
    facts: list["ReceiptFact"] = []
    """What the verdict was judged by besides contacts: list entries, outcomes and overrides, as they stood then."""
    withdrawn: list[Reason] = []
    """Why `recheck` took a permitted contact back; empty otherwise."""


class ReceiptFact(Told, frozen=True, kw_only=True):
    """One list entry, one outcome of an earlier contact, or one override used, that the verdict could see."""

    kind: Literal["list", "outcome", "override"]
    name: str
    """The list, the outcome, or the rule that was lifted."""
    channel: str | None = None
    category: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    detail: str = ""
    """Reason and source of an entry; campaign of an outcome; who proposed and approved an override."""


class ListEntry(Asked, frozen=True, kw_only=True):
    """A subscriber on a list. Opt-outs may name the channel or category they concern; null means all.

    Who, why, by whose word and from where are audited: customer id, reason, author and source must not be blank.
    """

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


class ListedEntry(Told, frozen=True, kw_only=True):
    """An entry as it stands on a list."""

    customer_id: str
    reason: str
    source: str
    author: str
    starts_at: datetime | None
    ends_at: datetime | None
    channel: str | None
    category: str | None
    put_at: datetime


class ListPage(Told, frozen=True, kw_only=True):
    """Entries in order of customer id, channel and category; `next` continues after them, None at the end."""

    entries: list[ListedEntry]
    next: str | None


OverrideState = Literal["proposed", "in_force", "withdrawn", "ended"]


class OverrideProposal(Asked, frozen=True, kw_only=True):
    """Ask that one subscriber may be contacted although a list says no; in force once a second person approves.

    Only rules that say `override: two_persons` can be lifted. Null channel or category means any.
    """

    override_id: str
    """The caller's own id: the same proposal twice is one."""
    customer_id: str
    rule_id: str
    reason: str
    author: str
    ends_at: datetime
    starts_at: datetime | None = None
    channel: str | None = None
    category: str | None = None


class Override(Told, frozen=True, kw_only=True):
    """An override and who stands behind it."""

    override_id: str
    customer_id: str
    rule_id: str
    reason: str
    state: OverrideState
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    approved_at: datetime | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    starts_at: datetime | None
    ends_at: datetime
    channel: str | None
    category: str | None


class AuditNote(Told, frozen=True, kw_only=True):
    """Who did what about a subscriber; notes are only ever added."""

    at: datetime
    author: str
    action: str
    """`list_put`, `list_remove`, `override_propose`, `override_approve`, `override_withdraw`, `subscriber_export`, …"""
    subject: str
    """The list, the rule or the override it was about."""
    detail: str


class OutcomeKept(Told, frozen=True, kw_only=True):
    """What came of a contact, as governance keeps it."""

    contact_id: str
    outcome: str
    at: datetime
    campaign_id: str | None
    offering_id: str | None
    category: str | None


class SubscriberRecord(Told, frozen=True, kw_only=True):
    """Everything governance holds about one subscriber."""

    customer_id: str
    exported_at: datetime
    receipts: list[Receipt]
    lists: dict[ListName, list[ListedEntry]]
    outcomes: list[OutcomeKept]
    overrides: list[Override]
    audit: list[AuditNote]


class Erasure(Told, frozen=True, kw_only=True):
    """What was erased: rows now kept under a pseudonym, which protect the subscriber without naming anybody.

    `suppressions` are refused requests; permitted ones are among the contacts.
    """

    customer_id: str
    contacts: int
    suppressions: int
    entries: int
    outcomes: int
    at: datetime


class Pruned(Told, frozen=True, kw_only=True):
    """What retention deleted: rows older than `before`; permitted requests are among the contacts."""

    before: datetime
    contacts: int
    suppressions: int
    outcomes: int
    batches: int
    is_finished: bool
    """False when there is more to delete: call again."""
