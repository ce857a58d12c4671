"""The rules about contacts: caps, spacing, quiet hours, cooling-off, lists, repeats, capacity."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Literal

from shared.contracts.wire import ListName, Outcome
from shared.rulekit.rules import Rule


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
OverriddenBy = Literal["two_persons"]
"""Who may lift a list effect: one person proposes, another approves."""
RepeatOf = Literal["offering", "similar_campaign"]
"""What is not repeated."""


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
    """No contact with a subscriber on the list; `override` says who may lift that for one subscriber, None nobody."""

    list_name: ListName
    override: OverriddenBy | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoRepeat(Policy):
    """Within the span, before or after, not the same offering again; or no other campaign that the request is like."""

    span: timedelta
    of: RepeatOf = "offering"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capacity(Policy):
    """At most `limit` contacts, operator-wide, in each hour or day of the policy's zone."""

    limit: int
    window: Calendar
    zone: str


ContactPolicy = FrequencyCap | Spacing | QuietHours | CoolingOff | ListEffect | NoRepeat | Capacity
