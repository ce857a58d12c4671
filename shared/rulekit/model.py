"""The typed tree: conditions, the rules of the four kinds, and the book that holds them. Frozen values, no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from fractions import Fraction
from typing import Literal

from shared.contracts.wire import ListName, Outcome
from shared.kernel.faults import NotFound
from shared.kernel.text import Text
from shared.rulekit.vocabulary import Vocabulary

Operator = Literal["equals", "at_least", "more_than", "at_most", "less_than", "one_of"]
SetOperator = Literal["contains_any", "contains_all"]
AgeOperator = Literal["older_than", "within"]
Scalar = int | float | bool | str | date


@dataclass(frozen=True, slots=True)
class OtherFact:
    """The right side of a comparison: another fact of the same type, times an exact factor."""

    fact: str
    times: Fraction = Fraction(1)


@dataclass(frozen=True, slots=True)
class Constant:
    """Always true, false or (None) unknown."""

    value: bool | None


@dataclass(frozen=True, slots=True)
class IsKnown:
    """Whether the fact has a value; never unknown itself."""

    fact: str


@dataclass(frozen=True, slots=True)
class InSegment:
    """Whether the subscriber is in the segment; false outside the segment's `valid_for`."""

    segment: str


@dataclass(frozen=True, slots=True)
class Compare:
    """A fact against a literal or another fact; unknown when either is unknown.

    Money is in fen. `operand` is a tuple of distinct values, in the file's order, for `one_of`, `contains_any` and
    `contains_all`, a number of days for `older_than` and `within`. With `of="size"` the number of values in a set is
    compared. Negated operators (`not_equals`, `none_of`, `contains_none`) are read as `Not`, `between` as two parts of
    an `All`, `before` and `after` as `less_than` and `more_than`.
    """

    fact: str
    operator: Operator | SetOperator | AgeOperator
    operand: Scalar | tuple[Scalar, ...] | OtherFact
    of: Literal["value", "size"] = "value"


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false; unknown stays unknown."""

    part: "Condition"


@dataclass(frozen=True, slots=True)
class All:
    """False if any part is false, else unknown if any is unknown; true when empty."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Any:
    """True if any part is true, else unknown if any is unknown; false when empty."""

    parts: tuple["Condition", ...]


Condition = All | Any | Not | Compare | IsKnown | InSegment | Constant


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


@dataclass(frozen=True, slots=True, kw_only=True)
class EligibilityRule(Rule):
    """Who may (eligibility), needs (applicability) or suits (suitability) an offering that names this rule."""

    level: Literal["eligibility", "applicability", "suitability"]
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
class Rolling:
    """The stretch of this length that ends now."""

    span: timedelta


@dataclass(frozen=True, slots=True)
class Calendar:
    """The hour, day, week (from Monday) or month by the calendar of a zone."""

    unit: Literal["hour", "day", "week", "month"]


Window = Rolling | Calendar
Per = Literal["customer", "customer_channel", "customer_category", "customer_campaign", "customer_purpose"]


@dataclass(frozen=True, slots=True)
class AppliesTo:
    """Which contacts a policy looks at; an empty set means all."""

    directions: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()

    def covers(self, *, direction: str, purpose: str, channel: str, category: str, campaign: str) -> bool:
        """Tell whether the policy looks at such a contact."""
        return (
            _open_or_has(self.directions, direction)
            and _open_or_has(self.purposes, purpose)
            and _open_or_has(self.channels, channel)
            and _open_or_has(self.categories, category)
            and _open_or_has(self.campaigns, campaign)
        )


def _open_or_has(allowed: Collection[str], value: str) -> bool:
    return not allowed or value in allowed


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy(Rule):
    """What every contact policy has."""

    applies_to: AppliesTo = AppliesTo()


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyCap(Policy):
    """At most `limit` contacts per `per` in every window."""

    per: Per
    limit: int
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Spacing(Policy):
    """At least this long between any two live contacts per `per`."""

    per: Per
    at_least: timedelta


@dataclass(frozen=True, slots=True)
class DailySpan:
    """From a time of day to the next occurrence of another: past midnight when `end` is not after `start`."""

    start: time
    end: time


@dataclass(frozen=True, slots=True)
class WeeklySpan(DailySpan):
    """Begins on these days of the week (Monday is 0)."""

    days: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class HolidaySpan(DailySpan):
    """Begins on these dates, in addition to the weekly spans."""

    dates: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(Policy):
    """Contacts planned inside a span are suppressed; the next allowed time is the end of the span."""

    weekly: tuple[WeeklySpan, ...] = ()
    holidays: HolidaySpan | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingOff(Policy):
    """After one of the outcomes none that `applies_to` covers for the span, for the same thing or for any."""

    after: frozenset[Outcome]
    same: Literal["category", "campaign", "offering", "any"]
    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEffect(Policy):
    """No contact with a subscriber on the list."""

    list_name: ListName


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRepeat(Policy):
    """The same offering not twice within the span."""

    span: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(Policy):
    """At most `limit` contacts, operator-wide, in each hour or day of the policy's zone."""

    limit: int
    window: Calendar
    zone: str


ContactPolicy = FrequencyCap | Spacing | QuietHours | CoolingOff | ListEffect | NoRepeat | Capacity


class UnknownSegment(NotFound):
    """A condition names a segment the book does not hold."""

    code = "unknown_segment"

    def __init__(self, segment: str) -> None:
        super().__init__(f"there is no segment {segment!r}", details={"kind": "segment", "id": segment})


@dataclass(frozen=True, slots=True, eq=False)
class RuleBook:
    """All rules by id and the vocabulary they speak; compared by identity, safe to share between threads.

    `classes` maps each thing that segments classify to their ids in order. `version` is 12 hex digits over all rules
    and the vocabulary: it stamps every decision.
    """

    vocabulary: Vocabulary
    segments: Mapping[str, SegmentRule]
    eligibility: Mapping[str, EligibilityRule]
    conflicts: Mapping[str, ConflictRule]
    contact_policies: Mapping[str, ContactPolicy]
    classes: Mapping[str, tuple[str, ...]]
    version: str

    def segment(self, segment: str) -> SegmentRule:
        """Return a segment; raises UnknownSegment."""
        try:
            return self.segments[segment]
        except KeyError:
            raise UnknownSegment(segment) from None

    def segments_before(self, segment: str, on: date) -> tuple[SegmentRule, ...]:
        """Return the segments in force that take precedence over this one in its classification, first one first."""
        rule = self.segment(segment)
        if rule.classifies is None:
            return ()
        ids = self.classes[rule.classifies]
        earlier = (self.segments[one] for one in ids[: ids.index(segment)])
        return tuple(one for one in earlier if one.valid_for.covers(on))
