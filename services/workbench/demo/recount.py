"""Recount the promises from `report.json` and the rule files alone.

Deliberately shares no code with governance or the rule kit: if they were wrong, this must not be wrong with them.
Contacts go through a scratch SQLite file, so memory stays flat however many there are.
"""

import json
import sqlite3
import sys
import tempfile
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, time, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import yaml

_ZONE = ZoneInfo("Asia/Shanghai")
_SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
_SCOPES = {"directions": "direction", "purposes": "purpose", "channels": "channel", "categories": "category",
           "campaigns": "campaign_id"}  # fmt: skip
_SUBJECTS = {"customer": None, "customer_channel": "channel", "customer_category": "category",
             "customer_campaign": "campaign_id", "customer_purpose": "purpose"}  # fmt: skip
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Contact = dict[str, Any]


def recount(report: Path, rules: Path) -> list[dict[str, object]]:
    """Return a row per promise: `promise_zh`, `promise_en`, `checked`, `breaches`."""
    with tempfile.TemporaryDirectory() as scratch, sqlite3.connect(Path(scratch) / "recount.db") as database:
        _fill(database, report)
        rows = [_cap(database, policy) for policy in _policies(rules, "frequency_cap")]
        rows += [_spacing(database, policy) for policy in _policies(rules, "spacing")]
        alike = _alike(rules)
        rows += [_repeat(database, policy, alike) for policy in _policies(rules, "no_repeat")]
        rows += [_quiet(database, policy) for policy in _policies(rules, "quiet_hours")]
        rows += [_control(database), _reasons(database), _twice(database)]
    return rows


def _fill(database: sqlite3.Connection, report: Path) -> None:
    database.execute("CREATE TABLE contact (id TEXT, customer TEXT, at TEXT, body TEXT)")
    database.execute("CREATE TABLE control (customer TEXT, campaign TEXT)")
    database.execute("CREATE TABLE suppressed (id TEXT, reasons INTEGER)")
    database.executemany(
        "INSERT INTO contact VALUES (?, ?, ?, ?)",
        (
            (row["contact_id"], row["customer_id"], _moment(row["contacted_at"]).isoformat(), json.dumps(row))
            for row in _items(report, "contacts")
            if row["contacted_at"]
        ),
    )
    database.executemany(
        "INSERT INTO control VALUES (?, ?)",
        ((row["customer_id"], row["campaign_id"]) for row in _items(report, "control")),
    )
    database.executemany(
        "INSERT INTO suppressed VALUES (?, ?)",
        ((row["suppression_id"], len(row["reasons"])) for row in _items(report, "suppressed")),
    )
    database.execute("CREATE INDEX by_customer ON contact (customer, at)")
    database.execute("CREATE INDEX by_control ON control (customer, campaign)")


def _items(report: Path, key: str) -> Iterator[dict[str, Any]]:
    """Read one streamed list of the report, an item a line."""
    inside = False
    with report.open(encoding="utf-8") as lines:
        for line in lines:
            if line.startswith(f'"{key}": ['):
                inside = True
            elif inside and line.startswith("]"):
                return
            elif inside:
                yield json.loads(line.rstrip().rstrip(","))


def _policies(rules: Path, kind: str) -> list[dict[str, Any]]:
    found = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(rules.glob("contact_policy/*/rule.yaml"))]
    return [policy for policy in found if policy["kind"] == kind]


def _alike(rules: Path) -> set[tuple[str, str]]:
    """Return the pairs of campaigns of which one plan names the other, both ways round."""
    plans = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(rules.glob("campaigns/*/plan.yaml"))]
    named = {(plan["campaign"], other) for plan in plans for other in plan.get("similar_to") or []}
    return named | {(other, one) for one, other in named}


def _by_subject(database: sqlite3.Connection, policy: dict[str, Any]) -> Iterator[list[Contact]]:
    """Yield the covered contacts of each subject (subscriber, or subscriber and channel …), in order of time."""
    extra = _SUBJECTS[policy.get("per", "customer")]
    groups: dict[object, list[Contact]] = {}
    current = None
    for customer, body in database.execute("SELECT customer, body FROM contact ORDER BY customer, at, id"):
        if customer != current:
            yield from groups.values()
            groups, current = {}, customer
        contact = json.loads(body)
        if _covers(policy, contact):
            groups.setdefault(contact[extra] if extra else None, []).append(contact)
    yield from groups.values()


def _covers(policy: dict[str, Any], contact: Contact) -> bool:
    scope = policy.get("applies_to") or {}
    return all(not scope.get(key) or contact[field] in scope[key] for key, field in _SCOPES.items())


def _cap(database: sqlite3.Connection, policy: dict[str, Any]) -> dict[str, object]:
    limit, window = policy["limit"], policy["window"]
    checked = breaches = 0
    for contacts in _by_subject(database, policy):
        moments = [_moment(contact["contacted_at"]) for contact in contacts]
        checked += len(moments)
        if "rolling" in window:
            breaches += _crowded(moments, limit, _span(window["rolling"]))
        else:
            periods = Counter(_period(moment, window["calendar"]) for moment in moments)
            breaches += sum(1 for count in periods.values() if count > limit)
    return _row(policy, checked, breaches)


def _crowded(moments: Iterable[datetime], limit: int, span: timedelta) -> int:
    """Count contacts that are more than the limit within the span that ends with them."""
    recent: deque[datetime] = deque()
    breaches = 0
    for moment in moments:
        while recent and moment - recent[0] >= span:
            recent.popleft()
        recent.append(moment)
        breaches += len(recent) > limit
    return breaches


def _spacing(database: sqlite3.Connection, policy: dict[str, Any]) -> dict[str, object]:
    least = _span(policy["at_least"])
    checked = breaches = 0
    for contacts in _by_subject(database, policy):
        moments = [_moment(contact["contacted_at"]) for contact in contacts]
        checked += len(moments)
        breaches += sum(1 for one, next_one in pairwise(moments) if next_one - one < least)
    return _row(policy, checked, breaches)


def _repeat(database: sqlite3.Connection, policy: dict[str, Any], alike: set[tuple[str, str]]) -> dict[str, object]:
    span, is_alike = _span(policy["span"]), policy.get("of") == "similar_campaign"
    checked = breaches = 0
    for contacts in _by_subject(database, policy):
        recent: deque[Contact] = deque()
        for contact in contacts:
            while recent and _moment(contact["contacted_at"]) - _moment(recent[0]["contacted_at"]) >= span:
                recent.popleft()
            checked += 1
            breaches += any(
                (one["campaign_id"], contact["campaign_id"]) in alike
                if is_alike
                else one["offering_id"] == contact["offering_id"]
                for one in recent
            )
            recent.append(contact)
    return _row(policy, checked, breaches)


def _repeat_words(policy: dict[str, Any]) -> tuple[str, str]:
    span = policy["span"]
    if policy.get("of") == "similar_campaign":
        return f"{span} 内没有类似活动", f"no similar campaign within {span}"
    return f"{span} 内不重复同一产品", f"the same offering not twice within {span}"


def _quiet(database: sqlite3.Connection, policy: dict[str, Any]) -> dict[str, object]:
    checked = breaches = 0
    for (body,) in database.execute("SELECT body FROM contact"):
        contact = json.loads(body)
        if _covers(policy, contact):
            checked += 1
            breaches += _is_quiet(policy, _moment(contact["contacted_at"]))
    return _row(policy, checked, breaches)


def _is_quiet(policy: dict[str, Any], moment: datetime) -> bool:
    """Tell whether a span that began on this day or the day before covers the moment."""
    for day in (moment.date(), moment.date() - timedelta(days=1)):
        for span in _spans_of(policy, day.isoformat(), _DAYS[day.weekday()]):
            start, end = _clock(span["from"]), _clock(span["to"])
            begins = datetime.combine(day, start, _ZONE)
            ends = datetime.combine(day if end > start else day + timedelta(days=1), end, _ZONE)
            if begins <= moment < ends:
                return True
    return False


def _spans_of(policy: dict[str, Any], day: str, weekday: str) -> Iterator[dict[str, Any]]:
    yield from (span for span in policy.get("weekly") or [] if weekday in span["days"])
    holidays = policy.get("holidays") or {}
    if day in {str(date) for date in holidays.get("dates", [])}:
        yield holidays


def _control(database: sqlite3.Connection) -> dict[str, object]:
    checked = database.execute("SELECT count(*) FROM control").fetchone()[0]
    breaches = database.execute(
        "SELECT count(*) FROM contact JOIN control ON control.customer = contact.customer "
        "AND control.campaign = json_extract(contact.body, '$.campaign_id')"
    ).fetchone()[0]
    return _line("对照组客户未被接触", "no control subscriber was contacted by that campaign", checked, breaches)


def _reasons(database: sqlite3.Connection) -> dict[str, object]:
    checked, empty = database.execute("SELECT count(*), coalesce(sum(reasons = 0), 0) FROM suppressed").fetchone()
    return _line("每次未接触都有原因", "every suppressed contact carries at least one reason", checked, empty)


def _twice(database: sqlite3.Connection) -> dict[str, object]:
    checked, distinct = database.execute("SELECT count(*), count(DISTINCT id) FROM contact").fetchone()
    return _line("没有重复的接触", "no contact was made twice", checked, checked - distinct)


def _row(policy: dict[str, Any], checked: int, breaches: int) -> dict[str, object]:
    per = policy.get("per", "customer").replace("_", " + ")
    zh, en = _WORDS[policy["kind"]](policy)
    return _line(f"{policy['id']}: {zh} ({per})", f"{en} ({per})", checked, breaches)


def _cap_words(policy: dict[str, Any]) -> tuple[str, str]:
    (kind, span), limit = next(iter(policy["window"].items())), policy["limit"]
    return f"任意 {span} 内至多 {limit} 次", f"at most {limit} in every {kind} {span}"


_WORDS: dict[str, Callable[[dict[str, Any]], tuple[str, str]]] = {
    "frequency_cap": _cap_words,
    "spacing": lambda policy: (f"间隔至少 {policy['at_least']}", f"at least {policy['at_least']} apart"),
    "no_repeat": _repeat_words,
    "quiet_hours": lambda _policy: ("免打扰时段不接触", "none in quiet hours"),
}


def _line(zh: str, en: str, checked: int, breaches: int) -> dict[str, object]:
    return {"promise_zh": zh, "promise_en": en, "checked": checked, "breaches": breaches}


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(_ZONE)


def _span(text: str) -> timedelta:
    return int(text[:-1]) * _SPANS[text[-1]]


def _clock(text: str) -> time:
    return time.fromisoformat(text)


def _period(moment: datetime, unit: str) -> object:
    day = moment.date()
    return {
        "hour": (day, moment.hour),
        "day": day,
        "week": day.isocalendar()[:2],
        "month": (day.year, day.month),
    }[unit]


if __name__ == "__main__":
    print(json.dumps(recount(Path(sys.argv[1]), Path(sys.argv[2])), ensure_ascii=False))  # noqa: T201 - its output
