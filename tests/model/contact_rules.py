"""What contact policies say, read from docs/rules.md: calendars, quiet hours, scopes; nothing of the service is used.

Moments are microseconds since 1970; policies are mappings as in rule files.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

MINUTE = 60_000_000
QUARTER, HOUR, DAY = 15 * MINUTE, 60 * MINUTE, 1440 * MINUTE
ZONES = available_timezones() - {"localtime", "posixrules", "Factory"}
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PARTS = {"directions": "direction", "purposes": "purpose", "channels": "channel"}
PARTS |= {"categories": "category", "campaigns": "campaign_id"}
LIMITS = {"frequency_cap", "spacing", "no_repeat"}
"""Kinds that count a subscriber's contacts."""
ON_QUARTERS = {"frequency_cap", "capacity", "quiet_hours"}
"""Kinds whose answer may change on any quarter of an hour: calendars and wall clocks."""
_FIELDS = {"campaign": "campaign_id", "offering": "offering_id"}
Rule = Mapping[str, Any]


def micros(moment: datetime) -> int:
    return (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment_of(at: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)


def span(text: str) -> int:
    return int(text[:-1]) * {"h": HOUR, "d": DAY, "w": 7 * DAY}[text[-1]]


@lru_cache(maxsize=200_000)
def wall(zone: str, quarter: int) -> datetime:
    """Return the wall clock; offsets have changed on quarters of an hour since 1972."""
    return datetime.fromtimestamp(quarter * 900, ZoneInfo(zone)).replace(tzinfo=None)


def unit(name: str, zone: str, at: int) -> tuple[int, ...]:
    """Return the name of the calendar hour, day, week or month: two moments share one when the names are equal."""
    local = wall(zone, at // QUARTER)
    names = {
        "hour": (local.year, local.month, local.day, local.hour),
        "day": (local.year, local.month, local.day),
        "week": tuple(local.isocalendar())[:2],
        "month": (local.year, local.month),
    }
    return names[name]


def minutes(text: str) -> int:
    return int(text[:2]) * 60 + int(text[3:])


def is_quiet(rule: Rule, zone: str, at: int) -> bool:
    local = wall(zone, at // QUARTER) + timedelta(microseconds=at % QUARTER)
    return any(_holds(rule, local.date() - timedelta(days=back), local, back) for back in (0, 1))


def _holds(rule: Rule, day: date, local: datetime, back: int) -> bool:
    """Tell whether a span that began on `day`, so many days ago, holds the wall clock."""
    spans = [one for one in rule.get("weekly", ()) if DAYS[day.weekday()] in one["days"]]
    spans += [one for one in [rule.get("holidays", {})] if day in one.get("dates", ())]
    minute = local.hour * 60 + local.minute + back * 1440
    begins = [(minutes(one["from"]), minutes(one["to"])) for one in spans]
    return any(start <= minute < (end if end > start else end + 1440) for start, end in begins)


def length_of(rule: Rule) -> int:
    text = rule.get("span") or rule.get("at_least") or rule.get("window", {}).get("rolling")
    return span(text) if text else 0


def covers(rule: Rule, asked: Any) -> bool:
    """Tell whether the policy's scope holds a request, or a row of the ledger."""
    parts = rule.get("applies_to", {})
    return all(getattr(asked, PARTS[part]) in allowed for part, allowed in parts.items())


def in_force(rule: Rule, zone: str, at: int) -> bool:
    term = rule.get("valid_for", {})
    return not term or term.get("from", date.min) <= wall(zone, at // QUARTER).date() <= term.get("to", date.max)


def same_field(rule: Rule) -> str:
    """Return the field in which the contacts that a limit counts together are alike; none is all of them."""
    per = "offering" if rule["kind"] == "no_repeat" else rule["per"].removeprefix("customer").removeprefix("_")
    return _FIELDS.get(per, per)
