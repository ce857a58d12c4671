"""An override's life: one person proposes it, another approves it, anybody withdraws it, or it ends."""

from typing import Literal, NamedTuple
from unicodedata import normalize

from services.governance.domain.contacts import OverrideMark
from services.governance.domain.instants import DAY

LONGEST = 400 * DAY
State = Literal["proposed", "in_force", "withdrawn", "ended"]


class OverrideEntry(NamedTuple):
    """An override as it is kept; null channel or category is any, a null start is its approval."""

    override_id: str
    customer_id: str
    rule_id: str
    reason: str
    channel: str | None
    category: str | None
    starts_at: int | None
    ends_at: int
    proposed_by: str
    proposed_at: int
    approved_by: str | None = None
    approved_at: int | None = None
    withdrawn_by: str | None = None
    withdrawn_at: int | None = None

    def state(self, now: int) -> State:
        """Return where it stands; `in_force` is approved, also where it starts later."""
        if self.withdrawn_at is not None:
            return "withdrawn"
        if now >= self.ends_at:
            return "ended"
        return "proposed" if self.approved_at is None else "in_force"

    def is_same_proposal(self, other: "OverrideEntry") -> bool:
        """Tell whether both were proposed in the same words by the same person."""
        return self[:_PROPOSED] == other[:_PROPOSED]


_PROPOSED = OverrideEntry._fields.index("proposed_at")


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names are one person's, however they are spaced, cased or encoded."""
    return _folded(one) == _folded(other)


def lasts_too_long(entry: OverrideEntry) -> bool:
    """Tell whether a proposal asks for more than LONGEST."""
    since = entry.proposed_at if entry.starts_at is None else entry.starts_at
    return entry.ends_at - since > LONGEST


def mark_of(entry: OverrideEntry) -> OverrideMark | None:
    """Return the override as policies see it; None where it is not approved, or withdrawn."""
    if entry.approved_by is None or entry.approved_at is None or entry.withdrawn_at is not None:
        return None
    return OverrideMark(
        entry.customer_id,
        entry.override_id,
        entry.rule_id,
        entry.channel,
        entry.category,
        entry.approved_at if entry.starts_at is None else max(entry.starts_at, entry.approved_at),
        entry.ends_at,
        entry.proposed_by,
        entry.approved_by,
    )


def _folded(name: str) -> str:
    return normalize("NFKC", name).strip().casefold()
