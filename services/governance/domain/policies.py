"""Contact policies as the domain knows them; spans are microseconds, wall-clock times minutes of the day."""

from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from services.governance.domain.calendar import CalendarUnit
from shared.kernel.text import Text

Per = Literal[
    "customer",
    "customer_channel",
    "customer_category",
    "customer_campaign",
    "customer_purpose",
    "offering",
    "similar_campaign",
]
"""What is counted together. `similar_campaign`: contacts of other campaigns, one of the two naming the other."""
Same = Literal["category", "campaign", "offering", "any"]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which contacts a policy concerns; an empty set means all."""

    directions: frozenset[str] = frozenset()
    purposes: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    categories: frozenset[str] = frozenset()
    campaigns: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What every policy has. It governs, and counts, contacts on the days from `valid_from` through `valid_to`."""

    rule_id: str
    version: str
    because: Text
    scope: Scope = Scope()
    valid_from: date | None = None
    valid_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RollingLimit(Policy):
    """At most `limit` contacts in every interval [t, t + span). Spacing and no-repeat are limits of one."""

    limit: int
    span: int
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarLimit(Policy):
    """At most `limit` contacts in every calendar hour, day, week or month of the subscriber's zone."""

    limit: int
    unit: CalendarUnit
    per: Per


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityLimit(Policy):
    """At most `limit` contacts of the whole operator in every hour or day of `zone`."""

    limit: int
    unit: CalendarUnit
    zone: str


@dataclass(frozen=True, slots=True)
class DailySpan:
    """Minutes [start, end) counted from the midnight that begins the day; `end` beyond 1440 lies on the next day."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuietHours(Policy):
    """No contact inside the spans; `weekly[0]` holds those that begin on a Monday, `holidays` adds to single dates."""

    weekly: tuple[tuple[DailySpan, ...], ...]
    holidays: dict[date, tuple[DailySpan, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoolingOff(Policy):
    """None within `span` after one of the outcomes `after` of a contact of the same thing."""

    after: frozenset[str]
    same: Same
    span: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListEffect(Policy):
    """None to subscribers on the list; `is_overridable`: two persons may lift that for one subscriber."""

    list_name: str
    is_overridable: bool = False
