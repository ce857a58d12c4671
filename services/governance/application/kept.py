"""What the store keeps, as it hands it out or takes it; moments are microseconds since 1970 UTC."""

from collections.abc import Sequence
from typing import NamedTuple

from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark
from services.governance.domain.decisions import Finding
from services.governance.domain.lifecycle import LedgerEntry


class Issued(NamedTuple):
    """A verdict as it was first given, and where the contact stands now; `entry` is None while none took place."""

    contact: Contact
    is_permitted: bool
    expires_at: int | None
    findings: tuple[Finding, ...]
    next_allowed_at: int | None
    counters: tuple[int | None, ...]
    decision: int
    entry: LedgerEntry | None
    lifted: tuple[Finding, ...] = ()


class Counted(NamedTuple):
    """What a counter of a verdict counts; the version is empty where it was not kept."""

    rule_id: str
    limit: int
    rule_version: str = ""


class Stamp(NamedTuple):
    """When a batch was decided, under which rule set, and what its counters count."""

    decided_at: int
    rule_set: str
    limits: tuple[Counted, ...]


class Outstanding(NamedTuple):
    """A permitted contact as `recheck` finds it; `rule_set` is that of its verdict, empty where it never had one.

    `lifted` are the findings an override set aside, `withdrawn` those for which its place was taken back.
    `is_untouched`: under the policies asked about, nothing came after the verdict that could change it.
    """

    entry: LedgerEntry
    lifted: tuple[Finding, ...]
    withdrawn: tuple[Finding, ...]
    rule_set: str
    is_untouched: bool


class SeenEntry(NamedTuple):
    """A list entry as a batch saw it, and when it was put; None where it was changed or taken off since."""

    mark: ListMark
    put_at: int | None


class Evidence(NamedTuple):
    """What one verdict was judged by besides contacts, and the findings for which its place was taken back."""

    lists: Sequence[SeenEntry]
    outcomes: Sequence[OutcomeMark]
    overrides: Sequence[OverrideMark]
    withdrawn: tuple[Finding, ...]


class OutcomeRow(NamedTuple):
    """An outcome to keep."""

    contact_id: str
    mark: OutcomeMark


ListKey = tuple[str, str, str]
"""Where an entry stands in its list: customer id, channel, category; an empty one is any."""


class AuditRow(NamedTuple):
    """Who did what about a subscriber: a note for the audit."""

    customer_id: str
    at: int
    author: str
    action: str
    subject: str
    """The list, the rule or the override it was about."""
    detail: str
