"""What a replay found, as values for programs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.workbench.rule_replay.tally import Change, Direction, Tally


@dataclass(frozen=True, slots=True)
class ReplayPart:
    """One kind of decisions: offers of advice, or requests for contacts."""

    judged: int
    same: int
    left_out: int
    """What nobody can judge again: refusals that have nothing to do with rules, records that are not whole."""
    by_direction: Mapping[Direction, int]
    changes: Sequence[Change]

    @staticmethod
    def of(tally: Tally) -> "ReplayPart":
        """Return what a tally counted."""
        by_direction: dict[Direction, int] = {}
        for change in tally.changes:
            by_direction[change.direction] = by_direction.get(change.direction, 0) + change.count
        return ReplayPart(tally.judged, tally.same, tally.left_out, by_direction, tally.changes)

    @property
    def is_same(self) -> bool:
        """True when every decision came out as it was."""
        return self.judged == self.same


@dataclass(frozen=True, slots=True)
class ReplayReport:
    """Recorded decisions, judged again."""

    rules: str
    rule_set: str
    recorded_under: Mapping[str, int]
    """Decisions by the rule set that made them; contacts and questions."""
    questions: int
    advice: ReplayPart
    limits: ReplayPart
    unreadable: Sequence[str]
    seconds: float
    """How long the replay took."""

    @property
    def is_same(self) -> bool:
        """True when everything could be read and nothing came out otherwise."""
        return self.advice.is_same and self.limits.is_same and not self.unreadable
