"""The ledger as docs/rules.md and docs/decisions/0004 describe it, in the plainest way that runs: no index, no counter.

Every question is answered by looking at all contacts again, and the next permitted moment by trying one moment after
the other. It shares no code with the service. Moments are microseconds since 1970; policies are mappings as in rule
files. A contact counts at the moment planned and, if it took place at another, there too, but once in one window.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from shared.contracts.channels import RecordedOutcome
from shared.contracts.governance import ContactRequest, ListEntry
from tests.model.contact_rules import (
    DAY,
    HOUR,
    LIMITS,
    MINUTE,
    ON_QUARTERS,
    QUARTER,
    ZONES,
    Rule,
    covers,
    in_force,
    is_quiet,
    length_of,
    micros,
    same_field,
    span,
    unit,
)

LIFE = {"outbound": 48 * HOUR, "inbound": 30 * MINUTE}
HORIZON, TOLERANCE, ENDLESS = 400 * DAY, 5 * MINUTE, 1 << 62
CHANNELS = {"hall", "outbound_call", "sms", "hotline", "web"}
Forbids = Callable[[int], bool]


@dataclass(frozen=True)
class Answer:
    """A verdict; `reasons` maps each rule that suppresses to the moment it would permit by itself, None is never."""

    is_permitted: bool
    reasons: Mapping[str, int | None] = field(default_factory=dict)
    next_allowed: int | None = None
    expires_at: int | None = None
    used: Mapping[str, int] = field(default_factory=dict)
    """What stands in the fullest window of each limit that concerns the contact."""


@dataclass(frozen=True)
class Held:
    """What is known of one contact id."""

    asked: ContactRequest
    at: int
    answer: Answer
    state: str
    expires_at: int = 0
    made_at: int | None = None
    is_overrun: bool = False

    def moments(self) -> set[int]:
        return {self.at} if self.made_at is None else {self.at, self.made_at}


class LedgerModel:
    """All contacts, list entries and outcomes, and the policies in force."""

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self.rules = rules
        self.held: dict[str, Held] = {}
        self.ids: dict[str, list[str]] = defaultdict(list)
        self.entries: dict[tuple[str, str, str | None, str | None], ListEntry] = {}
        self.outcomes: dict[tuple[str, str, int], dict[str, str | None]] = {}
        self.events: set[str] = set()
        self.newest = 0
        self.latest = 0
        """The last moment that any contact, list entry or outcome speaks of, or later."""

    def reserve(self, requests: Sequence[ContactRequest], clock: int) -> list[Answer] | None:
        """Judge those never seen, by priority and then contact id; tell the first answer for the others.

        None: by a clock so far behind nobody can judge, and nothing is kept.
        """
        now = max(clock, self.newest)
        fresh: dict[str, ContactRequest] = {}
        for asked in requests:
            if asked.contact_id not in self.held:
                fresh.setdefault(asked.contact_id, asked)
        if fresh and clock < self.newest - TOLERANCE:
            return None
        for asked in sorted(fresh.values(), key=lambda one: (-one.priority, one.contact_id)):
            answer = self._judge(asked, now)
            state = "reserved" if answer.is_permitted else "suppressed"
            self.latest = max(self.latest, micros(asked.planned_at))
            self.ids[asked.customer_id].append(asked.contact_id)
            self.held[asked.contact_id] = Held(asked, micros(asked.planned_at), answer, state, answer.expires_at or 0)
        self.newest = now if fresh else self.newest
        stolen = Answer(is_permitted=False, reasons={"governance/contact-id-reused": None})
        found = [self.held[asked.contact_id] for asked in requests]
        pairs = zip(found, requests, strict=True)
        return [one.answer if one.asked.customer_id == asked.customer_id else stolen for one, asked in pairs]

    def confirm(self, contact_id: str, clock: int, made_at: int | None = None) -> tuple[str, bool]:
        """Note that it took place; without a place it counts all the same, and is flagged."""
        one, now = self.held.get(contact_id), max(clock, self.newest)
        if one is not None and one.state != "confirmed":
            overrun, made = not self.is_live(one, now), now if made_at is None else made_at
            self.latest = max(self.latest, made)
            self.held[contact_id] = replace(one, state="confirmed", made_at=made, is_overrun=overrun)
        return self.told(contact_id, now)

    def release(self, contact_id: str, clock: int) -> tuple[str, bool]:
        """Give the place back."""
        one, now = self.held.get(contact_id), max(clock, self.newest)
        if one is not None and one.state == "reserved":
            self.held[contact_id] = replace(one, state="released")
        return self.told(contact_id, now)

    def put(self, list_name: str, entry: ListEntry) -> None:
        self.entries[list_name, entry.customer_id, entry.channel, entry.category] = entry

    def remove(self, list_name: str, customer_id: str) -> bool:
        gone = [key for key in self.entries if key[:2] == (list_name, customer_id)]
        for key in gone:
            del self.entries[key]
        return bool(gone)

    def came_of(self, event_id: str, outcomes: Sequence[RecordedOutcome]) -> None:
        """Keep outcomes; who opted out goes on the list for all channels. The same event again is none."""
        for one in outcomes if event_id not in self.events else ():
            held = self.held.get(one.contact_id)
            about = {"customer": one.customer_id, "campaign": one.campaign_id, "offering": one.offering_id}
            about["category"] = held and held.asked.category
            self.outcomes.setdefault((one.contact_id, one.outcome, micros(one.at)), about)
            if one.outcome == "opt_out":
                self.put("opt_out", ListEntry(customer_id=one.customer_id, reason="", source="", author=""))
        self.events.add(event_id)

    def told(self, contact_id: str, now: int) -> tuple[str, bool]:
        one = self.held.get(contact_id)
        if one is None:
            return "unknown", False
        lapsed = one.state == "reserved" and now >= one.expires_at
        return "expired" if lapsed else one.state, one.is_overrun

    @staticmethod
    def is_live(one: Held, now: int) -> bool:
        return one.state == "confirmed" or (one.state == "reserved" and now < one.expires_at)

    def _judge(self, asked: ContactRequest, now: int) -> Answer:
        at = micros(asked.planned_at)
        code = self._refusal(asked, at, now)
        if code is not None and not code.endswith("past"):
            return Answer(is_permitted=False, reasons={f"governance/{code}": None})
        rules = {name: rule for name, rule in self.rules.items() if covers(rule, asked)}
        tests = {name: self._test(rule, asked, now) for name, rule in rules.items()}
        if code is not None:
            later = _within_horizon(self._first(tests, asked, now, now), now)
            return Answer(is_permitted=False, reasons={f"governance/{code}": later}, next_allowed=later)
        at_limits = {name: rule for name, rule in rules.items() if rule["kind"] in LIMITS or rule["kind"] == "capacity"}
        used = {name: self._used(rule, asked, now)(at) for name, rule in at_limits.items()}
        reasons = {name: self._first({name: test}, asked, at, now) for name, test in tests.items() if test(at)}
        if not reasons:
            return Answer(is_permitted=True, expires_at=at + LIFE[asked.direction], used=used)
        longest = max((each for each in reasons.values() if each is not None), default=at)
        later = None if None in reasons.values() else self._first(tests, asked, longest, now)
        return Answer(is_permitted=False, reasons=reasons, next_allowed=_within_horizon(later, now), used=used)

    @staticmethod
    def _refusal(asked: ContactRequest, at: int, now: int) -> str | None:
        if asked.channel not in CHANNELS:
            return "unknown-channel"
        if asked.zone not in ZONES:
            return "unknown-zone"
        if at + LIFE[asked.direction] <= now:
            return "planned-in-the-past"
        return "planned-too-far-ahead" if at > now + HORIZON else None

    def _first(self, tests: Mapping[str, Forbids], asked: ContactRequest, start: int, now: int) -> int | None:
        """Return the first moment from `start` on that no test forbids: only these moments can be."""
        rules = [self.rules[name] for name in tests]
        spans = [length_of(rule) for rule in rules if length_of(rule)]
        live = [self.held[name] for name in self.ids[asked.customer_id] if self.is_live(self.held[name], now)]
        steps = {moment + each for one in live for moment in one.moments() for each in spans}
        steps |= {key[2] + each for key in self.outcomes for each in spans}
        steps |= {micros(entry.ends_at) for entry in self.entries.values() if entry.ends_at is not None}
        later = sorted(step for step in steps if step > start)
        last = max([start, self.latest, *later]) + 40 * DAY  # beyond it nothing is known, and calendars repeat
        on_quarters = any(rule["kind"] in ON_QUARTERS or "valid_for" in rule for rule in rules)
        quarters = range(start - start % QUARTER + QUARTER, last, QUARTER) if on_quarters else ()
        for at in heapq.merge([start], later, quarters):
            if not any(test(at) for test in tests.values()):
                return at
        return None

    def _test(self, rule: Rule, asked: ContactRequest, now: int) -> Forbids:
        if rule["kind"] in LIMITS or rule["kind"] == "capacity":
            used, limit = self._used(rule, asked, now), rule.get("limit", 1)
            return lambda at: used(at) >= limit and in_force(rule, asked.zone, at)
        if rule["kind"] == "quiet_hours":
            return lambda at: is_quiet(rule, asked.zone, at) and in_force(rule, asked.zone, at)
        spans = self._cooling(rule, asked) if rule["kind"] == "cooling_off" else self._listed(rule, asked)
        return lambda at: any(start <= at < end for start, end in spans) and in_force(rule, asked.zone, at)

    def _used(self, rule: Rule, asked: ContactRequest, now: int) -> Callable[[int], int]:
        """Return a function that says how many contacts the fullest window around a moment holds."""
        if rule["kind"] == "capacity":
            name, zone = rule["window"]["calendar"], rule["zone"]
            live = [one for one in self.held.values() if self.is_live(one, now) and covers(rule, one.asked)]
            used = Counter(unit(name, zone, one.at) for one in live)  # the moment planned: that is the place it took
            return lambda at: used[unit(name, zone, at)]
        points, length = self._points(rule, asked, now), length_of(rule)

        def rolling(at: int) -> int:
            starts = [start for start, _, _ in [*points, (at, "", "")] if start <= at < start + length]
            return max(
                len({name for moment, name, _ in points if start <= moment < start + length}) for start in starts
            )

        def calendar(at: int) -> int:
            name = rule["window"]["calendar"]
            most = 0
            for zone in {asked.zone, *(zone for _, _, zone in points)} & ZONES:
                inside = [one for one in points if unit(name, zone, one[0]) == unit(name, zone, at)]
                # Who moved is protected by both calendars: by the other one where a contact planned in it lies.
                if zone == asked.zone or zone in {own for _, _, own in inside}:
                    most = max(most, len({each for _, each, _ in inside}))
            return most

        return rolling if length else calendar

    def _points(self, rule: Rule, asked: ContactRequest, now: int) -> list[tuple[int, str, str]]:
        """Return moment, contact id and zone of the subscriber's contacts that a limit counts."""
        name = same_field(rule)
        mine = [self.held[each] for each in self.ids[asked.customer_id]]
        counted = [one for one in mine if self.is_live(one, now) and covers(rule, one.asked)]
        same = [one for one in counted if not name or getattr(one.asked, name) == getattr(asked, name)]
        points = [(moment, one.asked.contact_id, one.asked.zone) for one in same for moment in one.moments()]
        return [point for point in points if in_force(rule, asked.zone, point[0])]

    def _cooling(self, rule: Rule, asked: ContactRequest) -> list[tuple[int, int]]:
        wanted = {"campaign": asked.campaign_id, "offering": asked.offering_id, "category": asked.category, "any": None}
        return [
            (0, at + span(rule["span"]))  # also what is planned for a moment before it: it will be made later
            for (_, word, at), about in self.outcomes.items()
            if about["customer"] == asked.customer_id and word in rule["after"]
            if about.get(rule["same"]) in (None, wanted[rule["same"]])  # nobody knows which: taken for any
        ]

    def _listed(self, rule: Rule, asked: ContactRequest) -> list[tuple[int, int]]:
        ours = [one for key, one in self.entries.items() if key[:2] == (rule["list"], asked.customer_id)]
        ours = [one for one in ours if one.channel in (None, asked.channel) and one.category in (None, asked.category)]
        return [(micros(one.starts_at) if one.starts_at else 0, _end(one)) for one in ours]


def _end(entry: ListEntry) -> int:
    return ENDLESS if entry.ends_at is None else micros(entry.ends_at)


def _within_horizon(at: int | None, now: int) -> int | None:
    return at if at is not None and at <= now + HORIZON else None
