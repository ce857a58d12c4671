"""What travels, as `shared.contracts.customer_view` tells it.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import NotRequired, TypedDict

from .of_wire import Instant, RowFault

FactValue = str | int | float | bool | list[str] | None


class CustomerRecord(TypedDict):
    """A subscriber as BOSS sends it. Facts not named keep their value; a null makes a fact unknown."""

    customer_id: str
    facts: dict[str, FactValue]


class CustomerOrder(TypedDict):
    """An order that BOSS reports, whoever brought it about: its products are added to those the subscriber holds."""

    order_id: str
    customer_id: str
    products: list[str]


class CustomerEvent(TypedDict):
    """Something that happened to a subscriber: of a type of `rules/vocabulary.yaml`, with attributes of that type."""

    event_id: str
    customer_id: str
    type: str
    at: Instant
    """With a UTC offset; at most an hour ahead of the clock, and no older than what any trigger looks back to."""
    attributes: NotRequired[dict[str, FactValue]]


class UpsertResult(TypedDict):
    """How many records were kept, and which were not and why."""

    written: int
    faults: list[RowFault]


class Customer(TypedDict):
    """One subscriber with every known fact and the segments it is in (unknown ones left out)."""

    customer_id: str
    facts: dict[str, FactValue]
    segments: list[str]
    changed_at: Instant


class AudienceQuery(TypedDict):
    """Which subscribers, and what to say about each.

    Exactly one of `segment` (id of a segment rule), `rule` (a condition written inline, in the rule language as JSON)
    and `trigger` (id of a trigger: those for whom it fired from `since` to `until`) selects. For each id in `checks`
    (eligibility rules) each member is judged in the same statement. `facts` names the facts to return for each member.
    """

    audience_key: str
    """Chosen by the caller; the same key again returns the audience already made (idempotent)."""
    segment: NotRequired[str | None]
    rule: NotRequired[dict[str, object] | None]
    checks: NotRequired[list[str]]
    facts: NotRequired[list[str]]
    trigger: NotRequired[str | None]
    since: NotRequired[Instant | None]
    until: NotRequired[Instant | None]
    """Of a trigger: both ends included, null for open."""


class Audience(TypedDict):
    """A snapshot of ids, frozen when made."""

    audience_id: str
    size: int
    rule_set: str
    unknown: int
    """Subscribers left out because a fact the rule needs is unknown."""
    unknown_facts: dict[str, int]
    """Per fact the rule reads: for how many subscribers of the whole base it is unknown."""


class Member(TypedDict):
    """One subscriber of an audience page."""

    customer_id: str
    failed: list[str]
    """The `checks` that did not hold (false or unknown), as rule ids."""
    facts: dict[str, FactValue]


class AudiencePage(TypedDict):
    """Members in ascending order of customer_id; `next_after` is null on the last page."""

    members: list[Member]
    next_after: str | None


class CustomersChanged(TypedDict):
    """Event `customers_changed`: full set of known facts of up to 500 subscribers after a change."""

    changed_at: Instant
    customers: list[Customer]


class TriggerFiring(TypedDict):
    """A trigger that fired for a subscriber; at most once per the rule's `again_after`."""

    trigger: str
    trigger_version: str
    customer_id: str
    window: int
    """How many events were counted; 1 for a sequence or an absence that was seen."""


class TriggersFired(TypedDict):
    """Event `triggers_fired`: up to 200 firings of one moment."""

    fired_at: Instant
    rule_set: str
    firings: list[TriggerFiring]


class FiringReport(TypedDict):
    """What a sweep did: subscribers looked at, triggers fired, and subscribers left for the next time by a fault."""

    judged: int
    fired: int
    left: int
