"""Contacts, list entries and outcomes as policies see them."""

from collections.abc import Sequence
from typing import Literal, NamedTuple

State = Literal["reserved", "confirmed", "released"]


class Contact(NamedTuple):
    """One contact: asked for, or live in the ledger. `at` is when it is planned, or took place.

    A contact that took place at another moment than planned stands in the history twice, once for each moment; windows
    count it once.
    """

    contact_id: str
    customer_id: str
    channel: str
    campaign_id: str
    offering_id: str
    category: str
    purpose: str
    direction: str
    at: int
    zone: str
    priority: float = 0.0
    similar_to: tuple[str, ...] = ()
    """Campaigns that this one is like, as whoever asked for it said."""


class ListMark(NamedTuple):
    """A subscriber's entry on a list, for [starts_at, ends_at); null ends, channel and category are without limit."""

    customer_id: str
    list_name: str
    channel: str | None
    category: str | None
    starts_at: int | None
    ends_at: int | None
    reason: str
    source: str


class OutcomeMark(NamedTuple):
    """What came of an earlier contact; null category or offering: nobody knows which, so it is taken for any."""

    customer_id: str
    outcome: str
    at: int
    campaign_id: str | None
    offering_id: str | None
    category: str | None


class OverrideMark(NamedTuple):
    """An approved override of one rule for one subscriber, for [starts_at, ends_at); null channel or category is any.

    It starts at its approval at the earliest.
    """

    customer_id: str
    override_id: str
    rule_id: str
    channel: str | None
    category: str | None
    starts_at: int
    ends_at: int
    proposed_by: str
    approved_by: str


class Situation(NamedTuple):
    """All that policies can see of one subscriber: live contacts by `at`, list entries, outcomes, overrides."""

    contacts: Sequence[Contact] = ()
    lists: Sequence[ListMark] = ()
    outcomes: Sequence[OutcomeMark] = ()
    overrides: Sequence[OverrideMark] = ()


NOTHING_KNOWN = Situation()
