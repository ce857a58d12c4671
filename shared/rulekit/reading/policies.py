"""Contact policies: caps, spacing, quiet hours, cooling-off, lists, repeats, capacity."""

from collections.abc import Mapping
from typing import get_args

from shared.contracts.wire import CHANNELS, LIST_NAMES, Direction, Outcome, Purpose
from shared.rulekit.model import (
    AppliesTo,
    Calendar,
    Capacity,
    ContactPolicy,
    CoolingOff,
    FrequencyCap,
    HolidaySpan,
    ListEffect,
    NoRepeat,
    OverriddenBy,
    Per,
    QuietHours,
    RepeatOf,
    Rolling,
    Spacing,
    WeeklySpan,
    Window,
)
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.rules import Common, Kind, Parts, RuleReader
from shared.rulekit.reading.tree import Node

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SAME = get_args(CoolingOff.__annotations__["same"])
_UNITS = get_args(Calendar.__annotations__["unit"])

# What governance fills in: the request's channel for all, and what the kind counts or finds.
_ASKED = ("channel",)
_COUNTED = ("limit", "used", "channel")
_LISTED = ("reason", "source", "channel")


def read_contact_policy(node: Node, folder: str, rules: RuleReader) -> ContactPolicy | None:
    """Return the rule of a file under `contact_policy/`; None when its kind is unknown.

    Codes: empty_list, no_hours, and those every rule may have.
    """
    return rules.by_kind(node, folder, POLICY_KINDS)


def _applies_to(reader: Reader, parts: Parts) -> AppliesTo:
    node = parts.get("applies_to")
    if node is None:
        return AppliesTo()
    found = reader.fields(node, node.place, (), ("directions", "purposes", "channels", "categories", "campaigns"))
    return AppliesTo(
        directions=reader.words(found.get("directions"), get_args(Direction)),
        purposes=reader.words(found.get("purposes"), get_args(Purpose)),
        channels=reader.words(found.get("channels"), CHANNELS),
        categories=reader.names(found.get("categories")),
        campaigns=reader.names(found.get("campaigns")),
    )


def _window(reader: Reader, node: Node | None) -> Window:
    if node is None:
        return Calendar("day")
    parts = reader.fields(node, node.place, (), ("rolling", "calendar"))
    if len(parts) != 1:
        reader.findings.add(node.place, "wrong_shape", "a window is either {rolling: 7d} or {calendar: day}")
        return Calendar("day")
    if "rolling" in parts:
        return Rolling(reader.span(parts["rolling"]))
    return Calendar(reader.word(parts["calendar"], _UNITS))


def _frequency_cap(reader: Reader, parts: Parts, common: Common) -> FrequencyCap:
    return FrequencyCap(
        **common,
        applies_to=_applies_to(reader, parts),
        per=reader.word(parts.get("per"), get_args(Per)),
        limit=reader.whole(parts.get("limit"), least=0),
        window=_window(reader, parts.get("window")),
    )


def _spacing(reader: Reader, parts: Parts, common: Common) -> Spacing:
    return Spacing(
        **common,
        applies_to=_applies_to(reader, parts),
        per=reader.word(parts.get("per"), get_args(Per)),
        at_least=reader.span(parts.get("at_least")),
    )


def _quiet_hours(reader: Reader, parts: Parts, common: Common) -> QuietHours:
    weekly = tuple(_weekly_span(reader, item) for item in reader.items(parts.get("weekly")))
    holidays = _holidays(reader, parts.get("holidays"))
    if not weekly and holidays is None:
        reader.findings.add(parts["kind"].place, "no_hours", "quiet hours need weekly spans, holidays, or both")
    return QuietHours(**common, applies_to=_applies_to(reader, parts), weekly=weekly, holidays=holidays)


def _weekly_span(reader: Reader, node: Node) -> WeeklySpan:
    parts = reader.fields(node, node.place, ("days", "from", "to"))
    days = frozenset(DAYS.index(day) for day in reader.words(parts.get("days"), DAYS))
    if "days" in parts and not days:
        reader.findings.add(parts["days"].place, "empty_list", "names no day")
    return WeeklySpan(reader.time_of_day(parts.get("from")), reader.time_of_day(parts.get("to")), days)


def _holidays(reader: Reader, node: Node | None) -> HolidaySpan | None:
    if node is None:
        return None
    parts = reader.fields(node, node.place, ("dates", "from", "to"))
    dates = frozenset(day for item in reader.items(parts.get("dates")) if (day := reader.day(item)))
    return HolidaySpan(reader.time_of_day(parts.get("from")), reader.time_of_day(parts.get("to")), dates)


def _cooling_off(reader: Reader, parts: Parts, common: Common) -> CoolingOff:
    after = reader.words(parts.get("after"), get_args(Outcome))
    if "after" in parts and not after:
        reader.findings.add(parts["after"].place, "empty_list", "names no outcome")
    return CoolingOff(
        **common,
        applies_to=_applies_to(reader, parts),
        after=after,
        same=reader.word(parts.get("same"), _SAME),
        span=reader.span(parts.get("span")),
    )


def _list_effect(reader: Reader, parts: Parts, common: Common) -> ListEffect:
    return ListEffect(
        **common,
        applies_to=_applies_to(reader, parts),
        list_name=reader.word(parts.get("list"), LIST_NAMES),
        override=reader.word(parts["override"], get_args(OverriddenBy)) if "override" in parts else None,
    )


def _no_repeat(reader: Reader, parts: Parts, common: Common) -> NoRepeat:
    return NoRepeat(
        **common,
        applies_to=_applies_to(reader, parts),
        of=reader.word(parts.get("of"), get_args(RepeatOf)),
        span=reader.span(parts.get("span")),
    )


def _capacity(reader: Reader, parts: Parts, common: Common) -> Capacity:
    window = _window(reader, parts.get("window"))
    if not isinstance(window, Calendar) or window.unit not in {"hour", "day"}:
        reader.findings.add(
            parts["window"].place, "unknown_word", "capacity counts by {calendar: hour} or {calendar: day}"
        )
        window = Calendar("day")
    return Capacity(
        **common,
        applies_to=_applies_to(reader, parts),
        limit=reader.whole(parts.get("limit"), least=0),
        window=window,
        zone=reader.zone(parts.get("zone")),
    )


POLICY_KINDS: Mapping[str, Kind[ContactPolicy]] = {
    "frequency_cap": Kind(("per", "limit", "window"), ("applies_to",), _frequency_cap, _COUNTED),
    "spacing": Kind(("per", "at_least"), ("applies_to",), _spacing, _ASKED),
    "quiet_hours": Kind((), ("applies_to", "weekly", "holidays"), _quiet_hours, _ASKED),
    "cooling_off": Kind(("after", "same", "span"), ("applies_to",), _cooling_off, _ASKED),
    "list_effect": Kind(("list",), ("applies_to", "override"), _list_effect, _LISTED),
    "no_repeat": Kind(("span",), ("applies_to", "of"), _no_repeat, _ASKED),
    "capacity": Kind(("limit", "window", "zone"), ("applies_to",), _capacity, _COUNTED),
}
