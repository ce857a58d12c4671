"""Caps that say two things, that others always forestall, or that let nothing through."""

import itertools
from collections.abc import Iterator

from shared.kernel.text import Text
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.analysis.reach import is_coarser, is_longer, is_wider, lasts_longer, most_contacts
from shared.rulekit.analysis.subject import Subject
from shared.rulekit.model import Calendar, Capacity, FrequencyCap, Spacing, Window

_HOURS_OF_DAY = 24


def check_caps(subject: Subject) -> Iterator[Finding]:
    """Look at frequency caps, spacing and capacities together.

    Codes: limit_zero, contradictory_caps, cap_never_binds, cap_hardly_binds, spacing_forestalls, capacity_never_binds.
    """
    caps = [one for one in subject.policies() if isinstance(one, FrequencyCap)]
    spacings = [one for one in subject.policies() if isinstance(one, Spacing)]
    capacities = [one for one in subject.policies() if isinstance(one, Capacity)]
    limited: list[FrequencyCap | Capacity] = [*caps, *capacities]
    for one in limited:
        if one.limit == 0 and one.valid_for.end is None:  # one that ends is a freeze
            zh, en = "上限为 0：所涉及的接触一次也不允许", "limit 0: no contact it covers is ever permitted"
            yield Finding(subject.place("contact_policy", one.id, "limit"), "limit_zero", Text(zh, en))
    for cap in caps:
        yield from _forestalled(cap, caps, spacings, subject)
    for first, second in itertools.permutations(capacities, 2):
        yield from _capacities(first, second, subject)


def _forestalled(
    cap: FrequencyCap, caps: list[FrequencyCap], spacings: list[Spacing], subject: Subject
) -> Iterator[Finding]:
    for other in caps:
        finding = None if other is cap else _of_two(cap, other, subject)
        if finding is not None:
            yield finding
            return  # one reason is enough
    for spacing in spacings:
        covers = is_wider(spacing.applies_to, cap.applies_to) and is_coarser(spacing.per, cap.per, cap.applies_to)
        most = most_contacts(cap.window, spacing.at_least)
        if covers and most <= cap.limit and lasts_longer(spacing, cap):
            zh = f"{spacing.id} 的间隔下最多只有{most}次，永远达不到上限{cap.limit}"
            en = f"never reached: the spacing of {spacing.id} leaves room for {most} contacts, the limit is {cap.limit}"
            yield Finding(subject.place("contact_policy", cap.id, "limit"), "spacing_forestalls", Text(zh, en))
            return


def _of_two(cap: FrequencyCap, other: FrequencyCap, subject: Subject) -> Finding | None:
    """Return what is to be said of the first in the light of the second."""
    covered = is_wider(other.applies_to, cap.applies_to) and is_coarser(other.per, cap.per, cap.applies_to)
    if not covered or not lasts_longer(other, cap):
        return None
    place = subject.place("contact_policy", cap.id, "limit")
    same = (cap.per, cap.window, cap.applies_to) == (other.per, other.window, other.applies_to)
    if same and (cap.limit > other.limit or (cap.limit == other.limit and cap.id > other.id)):
        zh = f"与 {other.id} 对同样的接触给出两个上限：{cap.limit} 和 {other.limit}"
        en = f"{other.id} caps the same contacts in the same window: {cap.limit} here, {other.limit} there"
        return Finding(place, "contradictory_caps", Text(zh, en), Text("保留一个", "keep one of them"))
    if same or other.limit > cap.limit:
        return None
    if is_longer(other.window, cap.window):
        zh = f"永远不会先起作用：{other.id} 在更长的时间里最多{other.limit}次，不多于这里的{cap.limit}次"
        en = f"never binds: {other.id} permits no more than {other.limit} over a longer time, here {cap.limit}"
        return Finding(
            place, "cap_never_binds", Text(zh, en), Text("调低上限，或删去", "lower the limit, or delete it")
        )
    if _is_week(cap.window) and _is_month(other.window):
        zh = f"周上限{cap.limit}不低于 {other.id} 的月上限{other.limit}，只在跨月的一周才可能起作用"
        en = f"{cap.limit} a week, but {other.id} permits {other.limit} a month: binds at most where months meet"
        return Finding(place, "cap_hardly_binds", Text(zh, en), Text("调低周上限", "lower the limit of the week"))
    return None


def _is_week(window: Window) -> bool:
    return window == Calendar("week")


def _is_month(window: Window) -> bool:
    return window == Calendar("month")


def _capacities(one: Capacity, other: Capacity, subject: Subject) -> Iterator[Finding]:
    if not is_wider(other.applies_to, one.applies_to) or not lasts_longer(other, one):
        return
    place = subject.place("contact_policy", one.id, "limit")
    units = (one.window.unit, other.window.unit)
    if units[0] == units[1] and one.zone == other.zone and (one.limit, one.id) > (other.limit, other.id):
        if one.applies_to == other.applies_to:
            zh = f"与 {other.id} 对同样的接触给出两个容量：{one.limit} 和 {other.limit}"
            en = f"{other.id} limits the same contacts in the same window: {one.limit} here, {other.limit} there"
            yield Finding(place, "contradictory_caps", Text(zh, en), Text("保留一个", "keep one of them"))
        else:
            yield _never(one, other, subject)
    elif (units == ("hour", "day") and other.limit <= one.limit) or (
        units == ("day", "hour") and other.limit * _HOURS_OF_DAY <= one.limit
    ):
        yield _never(one, other, subject)


def _never(one: Capacity, other: Capacity, subject: Subject) -> Finding:
    zh = f"容量{one.limit}永远用不完：{other.id} 先用完"
    en = f"its {one.limit} are never used up: {other.id} stops contacts before"
    return Finding(subject.place("contact_policy", one.id, "limit"), "capacity_never_binds", Text(zh, en))
