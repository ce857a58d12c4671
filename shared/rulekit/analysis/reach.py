"""Which of two policies looks at more: contacts, subjects counted together, windows, and days in force."""

from datetime import timedelta
from math import ceil

from shared.contracts.wire import CHANNELS
from shared.rulekit.model import AppliesTo, Calendar, Rolling, Rule, Window

_HOUR = timedelta(hours=1)
_LONGEST = {"hour": _HOUR, "day": timedelta(days=1), "week": timedelta(days=7), "month": timedelta(days=31)}
_WITHIN = {"hour": {"hour"}, "day": {"hour", "day"}, "week": {"hour", "day", "week"}, "month": {"hour", "day", "month"}}
_DIMENSIONS = {
    "customer_channel": "channels",
    "customer_category": "categories",
    "customer_campaign": "campaigns",
    "customer_purpose": "purposes",
}


def is_wider(one: AppliesTo, other: AppliesTo) -> bool:
    """Tell whether the first covers every contact that the second does."""
    return (
        _includes(one.directions, other.directions, ("outbound", "inbound"))
        and _includes(one.purposes, other.purposes, ("marketing", "service"))
        and _includes(one.channels, other.channels, CHANNELS)
        and _includes(one.categories, other.categories)
        and _includes(one.campaigns, other.campaigns)
    )


def _includes(one: frozenset[str], other: frozenset[str], every: tuple[str, ...] = ()) -> bool:
    if not one or (every and one.issuperset(every)):
        return True
    return bool(other) and one >= other


def is_coarser(per: str, other: str, scope: AppliesTo) -> bool:
    """Tell whether what the second counts together (within its scope) the first counts together, too."""
    if per in {"customer", other}:
        return True
    return len(getattr(scope, _DIMENSIONS[per])) == 1


def is_longer(one: Window, other: Window) -> bool:
    """Tell whether every window of the second kind lies within one of the first."""
    match one, other:
        case Rolling(span), Rolling(shorter):
            return span >= shorter
        case Rolling(span), Calendar(unit):
            return span >= _LONGEST[unit]
        case Calendar(unit), Calendar(shorter_unit):
            return shorter_unit in _WITHIN[unit]
        case _:
            return False


def lasts_longer(one: Rule, other: Rule) -> bool:
    """Tell whether the first rule is in force whenever the second is."""
    valid, shorter = one.valid_for, other.valid_for
    starts = valid.start is None or (shorter.start is not None and valid.start <= shorter.start)
    return starts and (valid.end is None or (shorter.end is not None and shorter.end <= valid.end))


def longest(window: Window) -> timedelta:
    """Return how long a window can be."""
    return window.span if isinstance(window, Rolling) else _LONGEST[window.unit]


def most_contacts(window: Window, spacing: timedelta) -> int:
    """Return how many contacts fit in a window when they keep this distance."""
    return ceil(longest(window) / spacing)
