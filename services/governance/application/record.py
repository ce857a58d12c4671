"""The ledger told as a sequence of events, in the order in which verdicts came to know of them.

What a batch of verdicts was judged by is everything told before it. Numbers named `after` are those of batches.
"""

import msgspec

from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark


class RecordedPermit(msgspec.Struct, frozen=True):
    """A permitted contact and what became of it; a reservation neither released nor confirmed lapses."""

    contact: Contact
    expires_at: int
    contacted_at: int | None
    released_after: int | None
    confirmed_after: int | None


class RecordedSuppression(msgspec.Struct, frozen=True):
    """A contact that was not permitted, and the rules or reasons of our own it was held back by, decisive one first."""

    contact: Contact
    rules: list[str]


class RecordedBatch(msgspec.Struct, frozen=True, tag="verdicts"):
    """Verdicts given together; `marks` are the list entries of those asked about."""

    number: int
    decided_at: int
    rule_set: str
    marks: list[ListMark]
    permits: list[RecordedPermit]
    suppressions: list[RecordedSuppression]
    overrides: list[OverrideMark] = []
    """Overrides in force for those asked about."""
    is_history: bool = False
    """True for what was decided before the span asked for: it is context, and not judged again."""


class RecordedOutcome(msgspec.Struct, frozen=True, tag="outcome"):
    """What came of a contact."""

    after: int
    contact_id: str
    mark: OutcomeMark


class RecordedOverrun(msgspec.Struct, frozen=True, tag="overrun"):
    """A contact that took place although it was not permitted."""

    after: int
    contact: Contact
    contacted_at: int


LedgerEvent = RecordedBatch | RecordedOutcome | RecordedOverrun
