"""Random streams of requests, confirmations, releases and lapses, recounted by brute force."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.governance.domain.calendar import span_of
from services.governance.domain.contacts import Contact, Situation
from services.governance.domain.instants import DAY, HOUR, MINUTE, SECOND
from services.governance.domain.judgement import judge
from services.governance.domain.lifecycle import LedgerEntry, confirm, is_live, release
from services.governance.domain.policies import CalendarLimit, DailySpan, Policy, QuietHours, RollingLimit, Scope
from services.governance.domain.policy_set import PolicySet
from tests.unit.governance.builders import NAMED, NOW, TERMS, contact

ZONES = ["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]
# Weeks in which New York's and Lord Howe's clocks change, and a month ends.
STARTS = [NOW, NOW + 4 * DAY, NOW + 27 * DAY, NOW + 241 * DAY]
PER_FIELD = {
    "customer": lambda _: "",
    "customer_channel": lambda one: one.channel,
    "customer_category": lambda one: one.category,
    "customer_campaign": lambda one: one.campaign_id,
    "customer_purpose": lambda one: one.purpose,
    "offering": lambda one: one.offering_id,
}
scopes = st.sampled_from(
    [Scope(), Scope(directions=frozenset({"outbound"})), Scope(channels=frozenset({"sms"})),
     Scope(purposes=frozenset({"marketing"}), categories=frozenset({"music", "news"}))]
)  # fmt: skip
rolling_limits = st.builds(
    RollingLimit,
    rule_id=st.just("rolling"),
    version=st.just("v"),
    because=st.just(NAMED["because"]),
    scope=scopes,
    limit=st.integers(1, 3),
    span=st.sampled_from([HOUR, 5 * HOUR, DAY, 3 * DAY, 7 * DAY]),
    per=st.sampled_from(sorted(PER_FIELD)),
)
calendar_limits = st.builds(
    CalendarLimit,
    rule_id=st.just("calendar"),
    version=st.just("v"),
    because=st.just(NAMED["because"]),
    scope=scopes,
    limit=st.integers(1, 3),
    unit=st.sampled_from(["hour", "day", "week", "month"]),
    per=st.sampled_from(sorted(PER_FIELD)),
)
limits = st.lists(rolling_limits | calendar_limits, min_size=1, max_size=4)
offsets = st.integers(0, 9 * 24 * 4).map(lambda quarters: quarters * 15 * MINUTE) | st.integers(0, 9 * DAY)


@st.composite
def requests(draw: st.DrawFn, start: int, zone: str) -> Contact:
    return contact(
        f"c{draw(st.integers(0, 10**9))}",
        start + draw(offsets),
        zone=zone,
        channel=draw(st.sampled_from(["sms", "web"])),
        category=draw(st.sampled_from(["music", "news", "games"])),
        campaign_id=draw(st.sampled_from(["spring", "summer"])),
        offering_id=draw(st.sampled_from(["crbt", "paper"])),
        purpose=draw(st.sampled_from(["marketing", "service"])),
        direction=draw(st.sampled_from(["outbound", "inbound"])),
        priority=draw(st.floats(0, 1)),
    )


def covers(scope: Scope, one: Contact) -> bool:
    return all(
        not allowed or value in allowed
        for allowed, value in (
            (scope.directions, one.direction),
            (scope.purposes, one.purpose),
            (scope.channels, one.channel),
            (scope.categories, one.category),
            (scope.campaigns, one.campaign_id),
        )
    )


def label(unit: str, one: Contact) -> tuple[int, ...]:
    local = datetime.fromtimestamp(one.at // SECOND, UTC).astimezone(ZoneInfo(one.zone))
    return {
        "hour": (local.year, local.month, local.day, local.hour),
        "day": (local.year, local.month, local.day),
        "week": tuple(local.isocalendar())[:2],
        "month": (local.year, local.month),
    }[unit]


def fullest(policy: Policy, contacts: Iterable[Contact]) -> int:
    """Count, without any code of governance, the contacts of the fullest window."""
    assert isinstance(policy, (RollingLimit, CalendarLimit))
    key: Callable[[Contact], Any] = PER_FIELD[policy.per]
    counted = [one for one in contacts if covers(policy.scope, one)]
    if isinstance(policy, CalendarLimit):
        return max(Counter((key(one), label(policy.unit, one)) for one in counted).values(), default=0)
    return max(
        (sum(key(two) == key(one) and one.at <= two.at < one.at + policy.span for two in counted) for one in counted),
        default=0,
    )


class Subscriber:
    """A ledger of one subscriber in memory."""

    def __init__(self, policies: list[Policy], now: int) -> None:
        self.policies, self.now = PolicySet("v", policies), now
        self.entries: dict[str, LedgerEntry] = {}

    def live(self) -> list[LedgerEntry]:
        return [entry for entry in self.entries.values() if is_live(entry, self.now)]

    def situation(self) -> Situation:
        points = [entry.contact for entry in self.live()]
        points += [
            entry.contact._replace(at=entry.contacted_at)
            for entry in self.live()
            if entry.contacted_at not in (None, entry.contact.at)
        ]
        return Situation(points)

    def reserve(self, batch: list[Contact]) -> None:
        fresh = list({one.contact_id: one for one in batch if one.contact_id not in self.entries}.values())
        decided = judge(fresh, {"anna": self.situation()}, self.policies, {}, TERMS, self.now)
        for made in decided.decisions:
            if made.is_permitted:
                assert made.expires_at is not None
                entry = LedgerEntry(made.contact, "reserved", made.expires_at, None, is_overrun=False, note="")
                self.entries[made.contact.contact_id] = entry


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_no_window_of_any_policy_ever_holds_more_than_its_limit(data: st.DataObject) -> None:
    policies: list[Policy] = list(data.draw(limits, label="policies"))
    start, zone = data.draw(st.sampled_from(STARTS)), data.draw(st.sampled_from(ZONES))
    subscriber = Subscriber(policies, start)
    for _ in range(data.draw(st.integers(1, 4), label="batches")):
        subscriber.reserve(data.draw(st.lists(requests(start, zone), min_size=1, max_size=12), label="batch"))
        for contact_id, entry in list(subscriber.entries.items()):
            fate = data.draw(st.sampled_from(["wait", "wait", "confirm", "confirm late", "release"]))
            if fate == "release":
                subscriber.entries[contact_id] = release(entry, "")
            elif fate != "wait" and is_live(entry, subscriber.now):
                moved = entry.contact.at + (0 if fate == "confirm" else data.draw(st.integers(0, DAY)))
                subscriber.entries[contact_id] = confirm(entry, moved, subscriber.now)
        subscriber.now += data.draw(st.sampled_from([0, HOUR, DAY]))
        contacts = [entry.contact for entry in subscriber.live()]
        for policy in policies:
            assert fullest(policy, contacts) <= policy.limit  # type: ignore[attr-defined]  # drawn policies have limits


def test_the_recount_finds_a_breach_where_there_is_one() -> None:
    policy = RollingLimit(**NAMED, rule_id="cap", limit=1, span=DAY, per="customer")
    first = contact("a", NOW)
    assert fullest(policy, [first, contact("b", NOW + DAY // 2)]) == 2
    assert fullest(policy, [first, contact("b", NOW + DAY)]) == 1


quiet = QuietHours(**NAMED, rule_id="quiet", weekly=((DailySpan(21 * 60, 33 * 60),),) * 7)


@settings(max_examples=250, deadline=None)
@given(st.data())
def test_the_next_allowed_moment_is_permitted_and_none_before_it_is(data: st.DataObject) -> None:
    policies: list[Policy] = [*data.draw(limits, label="policies"), quiet]
    start, zone = data.draw(st.sampled_from(STARTS)), data.draw(st.sampled_from(ZONES))
    subscriber = Subscriber(policies, start)
    subscriber.reserve(data.draw(st.lists(requests(start, zone), max_size=15), label="history"))
    asked = data.draw(requests(start, zone), label="asked")._replace(contact_id="asked")

    def permits(at: int) -> bool:
        made = judge([asked._replace(at=at)], {"anna": subscriber.situation()}, subscriber.policies, {}, TERMS, start)
        return made.decisions[0].is_permitted

    situations = {"anna": subscriber.situation()}
    [decision] = judge([asked], situations, subscriber.policies, {}, TERMS, start).decisions
    if decision.is_permitted:
        assert decision.next_allowed_at is None
        return
    later = decision.next_allowed_at
    assert later is not None
    assert later > asked.at
    assert permits(later)
    assert not permits(max(later - SECOND, asked.at))
    assert not permits(data.draw(st.integers(asked.at, later - 1), label="in between"))


@pytest.mark.parametrize("zone", ZONES)
def test_calendar_spans_follow_one_another_without_gap_or_overlap_through_changes_of_the_clock(zone: str) -> None:
    units: tuple[Any, ...] = ("hour", "day", "week", "month")
    for unit in units:
        at = NOW
        for _ in range(300):
            start, end = span_of(unit, zone, at)
            assert start <= at < end
            assert span_of(unit, zone, end - 1) == (start, end)
            assert span_of(unit, zone, end)[0] == end
            at = end
    assert timedelta(microseconds=span_of("day", zone, NOW)[1] - NOW) <= timedelta(days=1)
