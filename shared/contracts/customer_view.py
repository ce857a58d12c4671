"""customer_view: who the subscriber is. RPC service `customer_view`, bulk twin `customer_view_bulk`.

| method | pool | asks | tells |
|---|---|---|---|
| upsert_customers(customers) | bulk (interactive up to 200) | list[CustomerRecord] | UpsertResult |
| record_orders(orders) | bulk | list[CustomerOrder] | UpsertResult; adds products, idempotent by order_id |
| record_events(events) | bulk (interactive up to 200) | list[CustomerEvent] | UpsertResult; idempotent by event_id |
| fire_due(until) | bulk | datetime, null | FiringReport |
| get_customer(customer_id) | interactive | str | Customer |
| audience(query) | bulk | AudienceQuery | Audience |
| audience_page(audience_id, after, limit) | bulk | str, str, int | AudiencePage |

Events out: `customers_changed` (CustomersChanged), `triggers_fired` (TriggersFired).
Event in: campaigns `orders_fulfilled`.
"""

from datetime import datetime

from shared.contracts.wire import Asked, RowFault, Told

FactValue = str | int | float | bool | list[str] | None
"""A fact on the wire: dates and instants as ISO 8601 text, sets as sorted lists, unknown as null or left out."""


class CustomerRecord(Asked, frozen=True, kw_only=True):
    """A subscriber as BOSS sends it. Facts not named keep their value; a null makes a fact unknown."""

    customer_id: str
    facts: dict[str, FactValue]


class CustomerOrder(Asked, frozen=True, kw_only=True):
    """An order that BOSS reports, whoever brought it about: its products are added to those the subscriber holds."""

    order_id: str
    customer_id: str
    products: list[str]


class CustomerEvent(Asked, frozen=True, kw_only=True):
    """Something that happened to a subscriber: of a type of `rules/vocabulary.yaml`, with attributes of that type."""

    event_id: str
    customer_id: str
    type: str
    at: datetime
    """With a UTC offset; at most an hour ahead of the clock, and no older than what any trigger looks back to."""
    attributes: dict[str, FactValue] = {}


class UpsertResult(Told, frozen=True, kw_only=True):
    """How many records were kept, and which were not and why."""

    written: int
    faults: list[RowFault]


class Customer(Told, frozen=True, kw_only=True):
    """One subscriber with every known fact and the segments it is in (unknown ones left out)."""

    customer_id: str
    facts: dict[str, FactValue]
    segments: list[str]
    changed_at: datetime


class AudienceQuery(Asked, frozen=True, kw_only=True, omit_defaults=True):
    """Which subscribers, and what to say about each.

    Exactly one of `segment` (id of a segment rule), `rule` (a condition written inline, in the rule language as JSON)
    and `trigger` (id of a trigger: those for whom it fired from `since` to `until`) selects. For each id in `checks`
    (eligibility rules) each member is judged in the same statement. `facts` names the facts to return for each member.
    """

    audience_key: str
    """Chosen by the caller; the same key again returns the audience already made (idempotent)."""
    segment: str | None = None
    rule: dict[str, object] | None = None
    checks: list[str] = []
    facts: list[str] = []
    trigger: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    """Of a trigger: both ends included, null for open."""


class Audience(Told, frozen=True, kw_only=True):
    """A snapshot of ids, frozen when made."""

    audience_id: str
    size: int
    rule_set: str
    unknown: int = 0
    """Subscribers left out because a fact the rule needs is unknown."""
    unknown_facts: dict[str, int] = {}
    """Per fact the rule reads: for how many subscribers of the whole base it is unknown."""


class Member(Told, frozen=True, kw_only=True):
    """One subscriber of an audience page."""

    customer_id: str
    failed: list[str] = []
    """The `checks` that did not hold (false or unknown), as rule ids."""
    facts: dict[str, FactValue] = {}


class AudiencePage(Told, frozen=True, kw_only=True):
    """Members in ascending order of customer_id; `next_after` is null on the last page."""

    members: list[Member]
    next_after: str | None


class CustomersChanged(Told, frozen=True, kw_only=True):
    """Event `customers_changed`: full set of known facts of up to 500 subscribers after a change."""

    changed_at: datetime
    customers: list[Customer]


class TriggerFiring(Told, frozen=True, kw_only=True):
    """A trigger that fired for a subscriber; at most once per the rule's `again_after`."""

    trigger: str
    trigger_version: str
    customer_id: str
    window: int
    """How many events were counted; 1 for a sequence or an absence that was seen."""


class TriggersFired(Told, frozen=True, kw_only=True):
    """Event `triggers_fired`: up to 200 firings of one moment."""

    fired_at: datetime
    rule_set: str
    firings: list[TriggerFiring]


class FiringReport(Told, frozen=True, kw_only=True):
    """What a sweep did: subscribers looked at, triggers fired, and subscribers left for the next time by a fault."""

    judged: int
    fired: int
    left: int
