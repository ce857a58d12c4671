"""Count every window again from the rows of the table `contact`, with nothing of the service and nothing cached.

Rows that are flagged as overrun took place without a place, so windows may hold them beyond the limit; no others.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.model.contact_rules import LIMITS, Rule, covers, in_force, length_of, same_field, unit


def breaches(rules: Mapping[str, Rule], rows: Sequence[Any], now: int) -> list[str]:
    """Return what windows hold too much, one text each."""
    kept = [row for row in rows if is_live(row, now) and not row.is_overrun]
    return [text for name, rule in rules.items() for text in _of_rule(name, rule, kept)]


def counts(rules: Mapping[str, Rule], rows: Sequence[Any], now: int) -> Callable[[str, int], int]:
    """Return a function that says how many live contacts an hour or day of a capacity policy holds."""
    used: Counter[tuple[str, tuple[int, ...]]] = Counter()
    for name, rule in rules.items():
        if rule["kind"] == "capacity":
            calendar, zone = rule["window"]["calendar"], rule["zone"]
            mine = [row for row in rows if is_live(row, now) and covers(rule, row)]
            used.update((name, unit(calendar, zone, row.planned_at)) for row in mine)
    return lambda name, start: used[name, unit(rules[name]["window"]["calendar"], rules[name]["zone"], start)]


def is_live(row: Any, now: int) -> bool:
    return row.state == "confirmed" or (row.state == "reserved" and now < row.expires_at)


def _of_rule(name: str, rule: Rule, rows: Sequence[Any]) -> list[str]:
    if rule["kind"] == "capacity":
        calendar, zone = rule["window"]["calendar"], rule["zone"]
        used = Counter(unit(calendar, zone, row.planned_at) for row in rows if covers(rule, row))
        return [f"{name} {each}: {count}" for each, count in used.items() if count > rule["limit"]]
    if rule["kind"] not in LIMITS:
        return []
    same = same_field(rule)
    groups: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for row in rows:
        if covers(rule, row) and in_force(rule, row.zone, row.planned_at):
            groups[row.customer_id, getattr(row, same) if same else ""].append(row)
    return [
        f"{name} {group} around {row.contact_id}"
        for group, mine in groups.items()
        for row in mine
        if _is_too_full(rule, row, [one for one in mine if in_force(rule, row.zone, one.planned_at)])
    ]


def _is_too_full(rule: Rule, row: Any, mine: Sequence[Any]) -> bool:
    """Tell whether a window that holds the row, by the calendar of its zone, holds too much."""
    limit, length = rule.get("limit", 1), length_of(rule)
    moments = sorted(one.planned_at for one in mine)
    if not length:
        name = rule["window"]["calendar"]
        return sum(unit(name, row.zone, at) == unit(name, row.zone, row.planned_at) for at in moments) > limit
    return any(
        last - first < length and first <= row.planned_at <= last
        for first, last in zip(moments, moments[limit:], strict=False)
    )
