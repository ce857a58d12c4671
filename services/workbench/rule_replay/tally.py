"""Counting what is decided otherwise, by direction and rule."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Literal

from services.workbench.rule_plan.planning import mask

Direction = Literal["permit_to_suppress", "suppress_to_permit", "other_reason", "other_offering", "other_rank"]
DIRECTIONS: tuple[Direction, ...] = (
    "permit_to_suppress",
    "suppress_to_permit",
    "other_reason",
    "other_offering",
    "other_rank",
)


@dataclass(frozen=True, slots=True)
class Sample:
    """One decision that differs; `decision` is the desk's request or the contact."""

    decision: str
    customer_id: str
    campaign_id: str
    offering_id: str
    decided_at: datetime
    was: tuple[str, ...]
    """The rules recorded, decisive one first; empty where nothing was held against it."""
    becomes: tuple[str, ...]


@dataclass(slots=True)
class Change:
    """How many decisions a rule turns in one direction, with the first few."""

    direction: Direction
    rule_id: str
    count: int = 0
    samples: list[Sample] = field(default_factory=list)


class Tally:
    """What came out of one kind of decisions."""

    def __init__(self, most_samples: int, *, show_ids: bool = False) -> None:
        """`most_samples` of each change are kept; subscribers' ids are masked unless asked for whole."""
        self._most_samples, self._show_ids = most_samples, show_ids
        self.judged = self.same = self.left_out = 0
        self._changes: dict[tuple[Direction, str], Change] = {}

    def keep(self) -> None:
        """Count one that is decided as it was."""
        self.judged += 1
        self.same += 1

    def leave_out(self) -> None:
        """Count one that nobody can judge again, and that stays as recorded."""
        self.left_out += 1

    def change(self, direction: Direction, rule_id: str, sample: Sample) -> None:
        """Count one that is decided otherwise, under the rule that makes the difference."""
        self.judged += 1
        change = self._changes.setdefault((direction, rule_id), Change(direction, rule_id))
        change.count += 1
        if len(change.samples) < self._most_samples:
            change.samples.append(sample if self._show_ids else replace(sample, customer_id=mask(sample.customer_id)))

    @property
    def changes(self) -> list[Change]:
        """All changes: by direction, then most first."""
        order = {direction: place for place, direction in enumerate(DIRECTIONS)}
        return sorted(self._changes.values(), key=lambda each: (order[each.direction], -each.count, each.rule_id))
