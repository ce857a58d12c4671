"""The checker's own reading of a policy and its own counting; the standard library alone, nothing of the service."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

_UNITS = {"m": 60, "h": 3_600, "d": 86_400}
_SECOND = 1_000_000
_QUARTER = 900 * _SECOND
_SCOPE = {"directions": "direction", "purposes": "purpose", "channels": "channel", "categories": "category"}
_PER = {"customer": None, "customer_channel": "channel", "customer_category": "category"}
FOREVER = 1 << 62


class Life(NamedTuple):
    """A contact and the time it counts; `order` is the order of events, `clock` what time it was then.

    It counts from `order` until the event `ends` or the moment `expires`. When it was made, at `made_order`, it counts
    at `made_at`, too. From `flagged_order` on it counts for ever, although it had lost its place.
    """

    contact_id: str
    customer_id: str
    channel: str
    category: str
    purpose: str
    direction: str
    at: int
    zone: str
    order: int
    clock: int
    ends: int = FOREVER
    expires: int = FOREVER
    made_order: int = FOREVER
    made_at: int | None = None
    flagged_order: int = FOREVER


class Rule(NamedTuple):
    """A counting policy: at most `limit` in every interval of `span`, or in every calendar `unit`."""

    rule_id: str
    limit: int
    scope: tuple[tuple[str, frozenset[str]], ...]
    per: str | None
    span: int
    unit: str
    zone: str
    """Empty where the subscriber's own counts; set for what the whole operator can do."""

    def covers(self, life: Life) -> bool:
        """Tell whether the policy counts the contact."""
        return all(getattr(life, name) in allowed for name, allowed in self.scope)

    def window_of(self, added: Life, live: Sequence[Life]) -> list[Life] | None:
        """Return contacts that share a window with `added` and are too many, or None."""
        if len(live) <= self.limit:
            return None
        found = self._fullest(added, live) if self.span else self._same_unit(added, live)
        return found if len(found) > self.limit else None

    def unit_of(self, at: int, zone: str) -> str:
        """Return the name of the calendar unit that holds a moment."""
        return _unit_of(self.unit, self.zone or zone, at // _QUARTER)

    def _fullest(self, added: Life, live: Sequence[Life]) -> list[Life]:
        near = [(at, one) for one in live for at in _moments(one) if added.at - self.span < at < added.at + self.span]
        fullest: list[Life] = []
        for start in {at for at, _ in near if at <= added.at}:
            inside = {one.contact_id: one for at, one in near if start <= at < start + self.span}
            if len(inside) > len(fullest):
                fullest = list(inside.values())
        return fullest

    def _same_unit(self, added: Life, live: Sequence[Life]) -> list[Life]:
        wanted = self.unit_of(added.at, added.zone)
        return [one for one in live if any(self.unit_of(at, added.zone) == wanted for at in _moments(one))]


def read_rules(folder: Path) -> tuple[list[Rule], list[Rule]]:
    """Return the policies per subscriber, and those of the whole operator, from the files that governance reads."""
    rules = []
    for path in sorted(folder.glob("contact_policy/*/rule.yaml")):
        rule = json.loads(path.read_text("utf-8"))
        if rule["kind"] in {"frequency_cap", "spacing", "capacity"}:
            rules.append(_read(rule))
    return [one for one in rules if not one.zone], [one for one in rules if one.zone]


def _read(rule: dict[str, object]) -> Rule:
    window, scope = rule.get("window", {}), rule.get("applies_to", {})
    if not isinstance(window, dict) or not isinstance(scope, dict):
        raise TypeError(f"{rule['id']}: window and applies_to are mappings")
    span = str(rule.get("at_least") or window.get("rolling") or "0d")
    return Rule(
        rule_id=str(rule["id"]),
        limit=int(str(rule.get("limit", 1))),
        scope=tuple((_SCOPE[name], frozenset(allowed)) for name, allowed in scope.items()),
        per=_PER[str(rule.get("per", "customer"))],
        span=int(span[:-1]) * _UNITS[span[-1]] * _SECOND,
        unit=str(window.get("calendar", "")),
        zone=str(rule.get("zone", "")),
    )


def _moments(life: Life) -> Iterator[int]:
    yield life.at
    if life.made_at is not None:
        yield life.made_at


@lru_cache(maxsize=1 << 18)
def _unit_of(unit: str, zone: str, quarter: int) -> str:
    local = datetime.fromtimestamp(quarter * 900, UTC).astimezone(ZoneInfo(zone))
    match unit:
        case "hour":
            return f"{local:%Y-%m-%d %H} {zone}"
        case "day":
            return f"{local:%Y-%m-%d} {zone}"
        case "week":
            return f"{local:%G-W%V} {zone}"
        case "month":
            return f"{local:%Y-%m} {zone}"
    raise ValueError(unit)
