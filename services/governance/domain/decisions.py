"""What the domain answers: permit or suppress, with findings."""

from collections.abc import Mapping
from typing import NamedTuple

from services.governance.domain.checks import Bucket
from services.governance.domain.contacts import Contact


class Finding(NamedTuple):
    """One policy, or one reason of our own, against a contact; `next_allowed_at` None is never."""

    rule_id: str
    rule_version: str
    text: str
    next_allowed_at: int | None


class Decision(NamedTuple):
    """The answer for one request. `counters` stand in the order of the policy set's limits; None: not concerned.

    `lifted` are the list effects that an override set aside; only a permit has any.
    """

    contact: Contact
    is_permitted: bool
    findings: tuple[Finding, ...]
    next_allowed_at: int | None
    expires_at: int | None
    counters: tuple[int | None, ...]
    lifted: tuple[Finding, ...] = ()


class Judgement(NamedTuple):
    """Answers in the order of the requests, and the operator's counters as they stand afterwards."""

    decisions: list[Decision]
    capacity: Mapping[Bucket, int]
