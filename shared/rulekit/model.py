"""The typed tree: conditions, the rules of all kinds, and the book that holds them. Frozen values, no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from shared.kernel.faults import NotFound
from shared.rulekit.condition_tree import (
    AgeOperator,
    All,
    Any,
    Compare,
    Condition,
    Constant,
    InSegment,
    IsKnown,
    Not,
    Operator,
    OtherFact,
    Scalar,
    SetOperator,
)
from shared.rulekit.contact_policies import (
    AppliesTo,
    Calendar,
    Capacity,
    ContactPolicy,
    CoolingOff,
    DailySpan,
    FrequencyCap,
    HolidaySpan,
    ListEffect,
    NoRepeat,
    OverriddenBy,
    Per,
    Policy,
    QuietHours,
    RepeatOf,
    Rolling,
    Spacing,
    WeeklySpan,
    Window,
)
from shared.rulekit.rules import (
    LEVELS,
    Bounds,
    ConflictRule,
    EligibilityRule,
    Exclusive,
    Level,
    Members,
    NotWithin,
    RankingRule,
    Requires,
    Rule,
    SegmentRule,
    Supersedes,
    ValidFor,
)
from shared.rulekit.triggers import (
    AbsencePattern,
    CountPattern,
    EventMatch,
    EventType,
    Pattern,
    SequencePattern,
    TriggerRule,
)
from shared.rulekit.vocabulary import Vocabulary

KINDS = ("segments", "eligibility", "conflicts", "contact_policy", "triggers", "ranking")
"""The kinds of rules: the folders they stand in, in the order they are read."""


class UnknownSegment(NotFound):
    """A condition names a segment the book does not hold."""

    code = "unknown_segment"

    def __init__(self, segment: str) -> None:
        super().__init__(
            f"there is no segment {segment!r}", details={"kind": "segment", "id": segment, "field": "segment"}
        )


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
    triggers: Mapping[str, TriggerRule] = field(default_factory=dict)
    ranking: Mapping[str, RankingRule] = field(default_factory=dict)
    events: Mapping[str, EventType] = field(default_factory=dict)
    """The types of events that triggers may name."""

    @property
    def by_kind(self) -> Mapping[str, Mapping[str, Rule]]:
        """All rules by kind and id, the kinds in the order of `KINDS`."""
        groups: tuple[Mapping[str, Rule], ...] = (
            self.segments,
            self.eligibility,
            self.conflicts,
            self.contact_policies,
            self.triggers,
            self.ranking,
        )
        return dict(zip(KINDS, groups, strict=True))

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


__all__ = [
    "KINDS",
    "LEVELS",
    "AbsencePattern",
    "AgeOperator",
    "All",
    "Any",
    "AppliesTo",
    "Bounds",
    "Calendar",
    "Capacity",
    "Compare",
    "Condition",
    "ConflictRule",
    "Constant",
    "ContactPolicy",
    "CoolingOff",
    "CountPattern",
    "DailySpan",
    "EligibilityRule",
    "EventMatch",
    "EventType",
    "Exclusive",
    "FrequencyCap",
    "HolidaySpan",
    "InSegment",
    "IsKnown",
    "Level",
    "ListEffect",
    "Members",
    "NoRepeat",
    "Not",
    "NotWithin",
    "Operator",
    "OtherFact",
    "OverriddenBy",
    "Pattern",
    "Per",
    "Policy",
    "QuietHours",
    "RankingRule",
    "RepeatOf",
    "Requires",
    "Rolling",
    "Rule",
    "RuleBook",
    "Scalar",
    "SegmentRule",
    "SequencePattern",
    "SetOperator",
    "Spacing",
    "Supersedes",
    "TriggerRule",
    "UnknownSegment",
    "ValidFor",
    "WeeklySpan",
    "Window",
]
