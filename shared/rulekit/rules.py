"""What every rule has, and the rules about subscribers and offers: segments, eligibility, conflicts."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from shared.kernel.text import Text
from shared.rulekit.condition_tree import Condition


@dataclass(frozen=True, slots=True)
class ValidFor:
    """The days on which a rule is in force, both ends included; None is open."""

    start: date | None = None
    end: date | None = None

    def covers(self, on: date) -> bool:
        """Tell whether the rule is in force on that day."""
        return (self.start is None or self.start <= on) and (self.end is None or on <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What every rule has; `version` is 12 hex digits of the file's content, `because` may hold `{fact}` places."""

    id: str
    version: str
    owner: str
    because: Text
    valid_for: ValidFor = ValidFor()


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentRule(Rule):
    """Who is in the segment. Of those that classify the same thing only the first (lowest order) that holds counts."""

    when: Condition
    classifies: str | None = None
    order: int = 0


Level = Literal["eligibility", "applicability", "suitability"]
LEVELS: Mapping[Level, Text] = {
    "eligibility": Text("资格", "eligibility"),
    "applicability": Text("适用性", "applicability"),
    "suitability": Text("适配性", "suitability"),
}
"""The levels of eligibility rules (may, makes sense now, fits) in the order they are asked, and their names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRule(Rule):
    """Who may (eligibility), needs (applicability) or suits (suitability) an offering that names this rule."""

    level: Level
    when: Condition


@dataclass(frozen=True, slots=True)
class Members:
    """Offers named by category, campaign or offering: the union."""

    categories: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()
    offerings: frozenset[str] = frozenset()

    def covers(self, *, category: str, campaign: str, offering: str) -> bool:
        """Tell whether one offer is a member."""
        return category in self.categories or campaign in self.campaigns or offering in self.offerings


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusive(Rule):
    """Of the members at most one at a time per subscriber."""

    members: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class Requires(Rule):
    """The offering only for those who hold one of the products."""

    offering: str
    products: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Supersedes(Rule):
    """Who can get a winner does not get a loser."""

    winner: Members
    loser: Members


@dataclass(frozen=True, slots=True, kw_only=True)
class NotWithin(Rule):
    """Not again within the span after a contact of the same thing."""

    same: Literal["category", "campaign", "offering", "similar_campaign"]
    span: timedelta


ConflictRule = Exclusive | Requires | Supersedes | NotWithin


@dataclass(frozen=True, slots=True)
class Bounds:
    """The span a figure is kept in."""

    at_least: float
    at_most: float

    def clamp(self, figure: float) -> float:
        """Return the figure, or the end of the span it lies beyond."""
        return min(max(figure, self.at_least), self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingRule(Rule):
    """How offers are ranked: value × propensity × priority, each kept within bounds.

    `members` empty means every offer. Of the rules that cover an offer the one with the lowest `order` counts. Value
    is in fen; `otherwise` is the propensity where nobody knows one.
    """

    members: Members
    order: int
    value: Bounds
    propensity: Bounds
    otherwise: float
    priority: Bounds

    def score(self, *, value: float, propensity: float | None, priority: float) -> float:
        """Return the score of one offer; value in fen, propensity between 0 and 1 (None: unknown)."""
        chance = self.otherwise if propensity is None else propensity
        return self.value.clamp(value) * self.propensity.clamp(chance) * self.priority.clamp(priority)
