"""Triggers: patterns of one subscriber's events over time, and the windows that are worked out for them.

The rules engine's own windows cannot be trusted (docs/decisions/0003), so a pattern is first worked out from the event
store, into one *window fact* for each trigger; it and the subscriber's own facts then make an ordinary condition.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.kernel.text import Text
from shared.rulekit.condition_tree import All, Compare, Condition
from shared.rulekit.rules import Rule
from shared.rulekit.vocabulary import Fact


@dataclass(frozen=True, slots=True)
class EventMatch:
    """Which events count: of this type, and with attributes that meet `where` (over the type's attributes)."""

    event: str
    where: Condition | None = None


@dataclass(frozen=True, slots=True)
class CountPattern:
    """At least `at_least` matching events within the span that ends now; both ends included."""

    match: EventMatch
    at_least: int
    within: timedelta


@dataclass(frozen=True, slots=True)
class SequencePattern:
    """Matching events one after the other (each strictly later than the one before), all within the span up to now."""

    steps: tuple[EventMatch, ...]
    within: timedelta


@dataclass(frozen=True, slots=True)
class AbsencePattern:
    """The latest `after` event lies at least `span` back, and no `without` event followed it up to now."""

    after: EventMatch
    without: EventMatch
    span: timedelta


Pattern = CountPattern | SequencePattern | AbsencePattern


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRule(Rule):
    """A pattern that, once seen, makes something of a subscriber; `when` narrows it down by the subscriber's facts.

    For one subscriber it fires at most once per `again_after` (None: once for good).
    """

    pattern: Pattern
    when: Condition | None = None
    again_after: timedelta | None = None

    @property
    def window_fact(self) -> Fact:
        """Return the fact that carries the pattern's window: a count of events, or 1 and 0 for seen and not seen."""
        return Fact(
            f"window.{self.id}", "integer", "customer_view", "", Text(f"{self.id}的事件窗口", f"window of {self.id}")
        )

    @property
    def condition(self) -> Condition:
        """Return what must hold for the trigger to fire, window fact included."""
        least = self.pattern.at_least if isinstance(self.pattern, CountPattern) else 1
        seen = Compare(self.window_fact.name, "at_least", least)
        return seen if self.when is None else All((seen, self.when))


@dataclass(frozen=True, slots=True)
class EventType:
    """One type of event: the service that tells it, its labels, and its attributes by name."""

    name: str
    owner: str
    label: Text
    attributes: Mapping[str, Fact]
