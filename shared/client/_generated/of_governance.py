"""What travels, as `shared.contracts.governance` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Literal, NotRequired, TypedDict

from .of_wire import Direction, Instant, ListName, Purpose, Reason

VerdictWord = Literal["permit", "suppress"]


LedgerState = Literal["reserved", "confirmed", "released", "expired", "suppressed", "unknown"]


OverrideState = Literal["proposed", "in_force", "withdrawn", "ended"]


class ContactRequest(TypedDict):
    """One contact somebody wants to make. `channel` is text here so that an unknown one is suppressed, not a fault."""

    contact_id: str
    customer_id: str
    channel: str
    campaign_id: str
    offering_id: str
    category: str
    purpose: Purpose
    direction: Direction
    planned_at: Instant
    priority: NotRequired[float]
    """Within one batch higher goes first; ties by contact_id ascending."""
    zone: NotRequired[str]
    similar_to: NotRequired[list[str]]
    """Campaigns of which this one is too like to follow soon; it is enough that one of two names the other."""


class Verdict(TypedDict):
    """The answer, and why. `suppress` always has at least one reason, the decisive one first.

    A permit has reasons only where an override lifted a list effect: one for each that was lifted.
    """

    contact_id: str
    verdict: VerdictWord
    reasons: list[Reason]
    next_allowed_at: Instant | None
    expires_at: Instant | None
    rule_set: str
    """The rule set it was first judged by; `none` where no rules could be read."""


class ContactState(TypedDict):
    """Where a contact stands in the ledger after confirm or release."""

    contact_id: str
    state: LedgerState
    overrun: bool
    """True when a contact took place without a valid reservation: it counts, and is flagged."""


class ReceiptCounter(TypedDict):
    """A counter as it stood when the verdict was given."""

    rule_id: str
    limit: int
    used: int
    rule_version: str
    """Empty where the verdict was given before versions were kept."""


class Receipt(TypedDict):
    """Everything needed to explain a verdict to the person it concerns."""

    request: ContactRequest
    verdict: Verdict
    state: LedgerState
    decided_at: Instant
    rule_set: str
    counters: list[ReceiptCounter]
    explanation_zh: str
    explanation_en: str
    facts: "list[ReceiptFact]"
    """What the verdict was judged by besides contacts: list entries, outcomes and overrides, as they stood then."""
    withdrawn: list[Reason]
    """Why `recheck` took a permitted contact back; empty otherwise."""


class ReceiptFact(TypedDict):
    """One list entry, one outcome of an earlier contact, or one override used, that the verdict could see."""

    kind: Literal["list", "outcome", "override"]
    name: str
    """The list, the outcome, or the rule that was lifted."""
    channel: str | None
    category: str | None
    since: Instant | None
    until: Instant | None
    detail: str
    """Reason and source of an entry; campaign of an outcome; who proposed and approved an override."""


class ListEntry(TypedDict):
    """A subscriber on a list. Opt-outs may name the channel or category they concern; null means all.

    Who, why, by whose word and from where are audited: customer id, reason, author and source must not be blank.
    """

    customer_id: str
    reason: str
    source: str
    author: str
    starts_at: NotRequired[Instant | None]
    ends_at: NotRequired[Instant | None]
    channel: NotRequired[str | None]
    category: NotRequired[str | None]


class ListsChanged(TypedDict):
    """Event `lists_changed`: who was put on or taken off a list."""

    list_name: ListName
    put: list[str]
    removed: list[str]
    at: Instant


class ListedEntry(TypedDict):
    """An entry as it stands on a list."""

    customer_id: str
    reason: str
    source: str
    author: str
    starts_at: Instant | None
    ends_at: Instant | None
    channel: str | None
    category: str | None
    put_at: Instant


class ListPage(TypedDict):
    """Entries in order of customer id, channel and category; `next` continues after them, None at the end."""

    entries: list[ListedEntry]
    next: str | None


class OverrideProposal(TypedDict):
    """Ask that one subscriber may be contacted although a list says no; in force once a second person approves.

    Only rules that say `override: two_persons` can be lifted. Null channel or category means any.
    """

    override_id: str
    """The caller's own id: the same proposal twice is one."""
    customer_id: str
    rule_id: str
    reason: str
    author: str
    ends_at: Instant
    starts_at: NotRequired[Instant | None]
    channel: NotRequired[str | None]
    category: NotRequired[str | None]


class Override(TypedDict):
    """An override and who stands behind it."""

    override_id: str
    customer_id: str
    rule_id: str
    reason: str
    state: OverrideState
    proposed_by: str
    proposed_at: Instant
    approved_by: str | None
    approved_at: Instant | None
    withdrawn_by: str | None
    withdrawn_at: Instant | None
    starts_at: Instant | None
    ends_at: Instant
    channel: str | None
    category: str | None


class AuditNote(TypedDict):
    """Who did what about a subscriber; notes are only ever added."""

    at: Instant
    author: str
    action: str
    """`list_put`, `list_remove`, `override_propose`, `override_approve`, `override_withdraw`, `subscriber_export`, …"""
    subject: str
    """The list, the rule or the override it was about."""
    detail: str


class OutcomeKept(TypedDict):
    """What came of a contact, as governance keeps it."""

    contact_id: str
    outcome: str
    at: Instant
    campaign_id: str | None
    offering_id: str | None
    category: str | None


class SubscriberRecord(TypedDict):
    """Everything governance holds about one subscriber."""

    customer_id: str
    exported_at: Instant
    receipts: list[Receipt]
    lists: dict[ListName, list[ListedEntry]]
    outcomes: list[OutcomeKept]
    overrides: list[Override]
    audit: list[AuditNote]


class Erasure(TypedDict):
    """What was erased: rows now kept under a pseudonym, which protect the subscriber without naming anybody.

    `suppressions` are refused requests; permitted ones are among the contacts.
    """

    customer_id: str
    contacts: int
    suppressions: int
    entries: int
    outcomes: int
    at: Instant


class Pruned(TypedDict):
    """What retention deleted: rows older than `before`; permitted requests are among the contacts."""

    before: Instant
    contacts: int
    suppressions: int
    outcomes: int
    batches: int
    is_finished: bool
    """False when there is more to delete: call again."""
