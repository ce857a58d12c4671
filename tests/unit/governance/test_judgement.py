"""What each policy permits, and when."""

from datetime import date
from typing import Any

import pytest

from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, Situation
from services.governance.domain.instants import DAY, HOUR, MINUTE, SECOND
from services.governance.domain.judgement import judge, screen
from services.governance.domain.policies import (
    CalendarLimit,
    CapacityLimit,
    CoolingOff,
    DailySpan,
    ListEffect,
    Policy,
    QuietHours,
    Scope,
)
from services.governance.domain.policy_set import PolicySet
from tests.unit.governance.builders import NAMED, NOW, TERMS, contact, decide, moment, rolling, verdicts

NIGHT = DailySpan(21 * 60, 33 * 60)
QUIET = QuietHours(
    **NAMED, rule_id="quiet", weekly=((NIGHT,),) * 7, holidays={date(2026, 4, 5): (DailySpan(1200, 2040),)}
)


def calendar(unit: Any, limit: int = 1, **fields: Any) -> CalendarLimit:
    return CalendarLimit(**NAMED, rule_id="calendar", unit=unit, limit=limit, per="customer", **fields)


def mark(ends_at: int | None = None, **fields: Any) -> ListMark:
    values = {"channel": None, "category": None, "starts_at": None, "reason": "asked", "source": "hall", **fields}
    return ListMark("anna", "black", ends_at=ends_at, **values)


def refusal(at: str, **fields: Any) -> OutcomeMark:
    values = {"campaign_id": "spring", "offering_id": "crbt", "category": "music", **fields}
    return OutcomeMark("anna", "refused", moment(at), **values)


def test_a_window_looks_at_contacts_planned_later_too() -> None:
    planned = Situation([contact("later", "2026-03-05T10:00:00")])
    [early, on_time] = decide(
        [rolling(1, 2 * DAY)], [contact("a", "2026-03-04T10:00:00"), contact("b", "2026-03-03T10:00:00")], planned
    )
    assert verdicts([early, on_time]) == [False, True]
    assert early.next_allowed_at == moment("2026-03-07T10:00:00")


def test_a_contact_between_two_others_is_counted_with_both() -> None:
    around = Situation([contact("before", "2026-03-03T10:00:00"), contact("after", "2026-03-05T10:00:00")])
    [between] = decide([rolling(2, 3 * DAY)], [contact("a", "2026-03-04T10:00:00")], around)
    assert not between.is_permitted
    assert between.counters == (2,)


def test_two_contacts_exactly_a_span_apart_share_no_window() -> None:
    earlier = Situation([contact("a", "2026-03-03T10:00:00")])
    at = moment("2026-03-04T10:00:00")
    assert verdicts(decide([rolling(1, DAY)], [contact("b", at - 1)], earlier)) == [False]
    assert verdicts(decide([rolling(1, DAY)], [contact("b", at)], earlier)) == [True]


def test_a_contact_made_later_than_planned_counts_once_at_both_moments() -> None:
    planned = contact("a", "2026-03-03T10:00:00")
    made = Situation([planned, planned._replace(at=moment("2026-03-03T15:00:00"))])
    assert verdicts(decide([rolling(2, DAY)], [contact("b", "2026-03-03T12:00:00")], made)) == [True]
    assert verdicts(decide([rolling(1, DAY)], [contact("b", "2026-03-04T10:00:00")], made)) == [False]


@pytest.mark.parametrize(
    ("unit", "first", "second", "third"),
    [
        ("hour", "2026-03-03T10:00:00", "2026-03-03T10:59:59", "2026-03-03T11:00:00"),
        ("day", "2026-03-03T00:00:00", "2026-03-03T23:59:59", "2026-03-04T00:00:00"),
        ("week", "2026-03-02T09:00:00", "2026-03-08T23:59:59", "2026-03-09T00:00:00"),
        ("month", "2026-03-31T10:00:00", "2026-03-31T23:59:59", "2026-04-01T00:00:00"),
    ],
)
def test_a_calendar_window_ends_with_its_unit_in_the_subscribers_zone(
    unit: str, first: str, second: str, third: str
) -> None:
    taken = Situation([contact("a", first)])
    [blocked, free] = [decide([calendar(unit)], [contact("b", at)], taken)[0] for at in (second, third)]
    assert verdicts([blocked, free]) == [False, True]
    assert blocked.next_allowed_at == moment(third)


def test_the_day_is_the_subscribers_day_not_greenwichs() -> None:
    taken = Situation([contact("a", "2026-03-03T00:30:00")])
    assert verdicts(decide([calendar("day")], [contact("b", "2026-03-03T23:30:00")], taken)) == [False]
    abroad = Situation([contact("a", "2026-03-03T00:30:00", zone="Europe/London")])
    london = contact("b", "2026-03-03T08:30:00", zone="Europe/London")
    assert verdicts(decide([calendar("day")], [london], abroad)) == [True]


def test_a_day_of_twenty_five_hours_is_one_day() -> None:
    zone = "America/New_York"
    start = moment("2026-11-01T04:00:00Z")
    taken = Situation([contact("a", start, zone=zone)])
    now = start - DAY
    asked = [contact(f"b{hours}", start + hours * HOUR, zone=zone) for hours in (24, 25)]
    assert [decide([calendar("day")], [one], taken, now)[0].is_permitted for one in asked] == [False, True]


def test_a_request_in_another_zone_cannot_slip_past_a_day_of_the_first() -> None:
    taken = Situation([contact("a", "2026-03-03T22:30:00", zone="Asia/Tokyo")])  # 23:30 there
    asked = contact("b", "2026-03-03T00:30:00", zone="Europe/London")  # the same Tokyo day, another London day
    assert verdicts(decide([calendar("day")], [asked], taken, NOW)) == [False]


def test_quiet_hours_end_in_the_morning_and_wrap_midnight() -> None:
    for at in ("2026-03-03T21:00:00", "2026-03-04T00:00:00", "2026-03-04T08:59:59"):
        [decision] = decide([QUIET], [contact("a", at)])
        assert not decision.is_permitted
        assert decision.next_allowed_at == moment("2026-03-04T09:00:00")
    assert verdicts(decide([QUIET], [contact("a", "2026-03-03T20:59:59"), contact("b", "2026-03-04T09:00:00")])) == [
        True,
        True,
    ]


def test_holidays_add_their_own_quiet_hours() -> None:
    [evening, morning] = decide([QUIET], [contact("a", "2026-04-05T20:30:00"), contact("b", "2026-04-06T09:30:00")])
    assert verdicts([evening, morning]) == [False, False]
    assert evening.next_allowed_at == moment("2026-04-06T10:00:00")


def test_quiet_hours_hold_through_the_hour_that_a_clock_set_back_repeats() -> None:
    zone = "America/New_York"
    until_half_past_one = QuietHours(**NAMED, rule_id="quiet", weekly=((DailySpan(0, 90),),) * 7)
    first_pass, second_pass = moment("2026-11-01T05:15:00Z"), moment("2026-11-01T06:15:00Z")
    [one] = decide([until_half_past_one], [contact("a", first_pass, zone=zone)], now=first_pass - DAY)
    [two] = decide([until_half_past_one], [contact("a", second_pass, zone=zone)], now=first_pass - DAY)
    assert (one.next_allowed_at, two.next_allowed_at) == (first_pass + 15 * MINUTE, second_pass + 15 * MINUTE)


def test_a_refused_subscriber_is_left_alone_for_thirty_days() -> None:
    cooling = CoolingOff(**NAMED, rule_id="cooling", after=frozenset({"refused"}), same="category", span=30 * DAY)
    refused = Situation(outcomes=[refusal("2026-03-01T10:00:00")])
    [decision] = decide([cooling], [contact("a", "2026-03-10T10:00:00")], refused)
    assert decision.next_allowed_at == moment("2026-03-31T10:00:00")
    assert verdicts(decide([cooling], [contact("a", "2026-03-31T10:00:00")], refused)) == [True]
    assert verdicts(decide([cooling], [contact("a", "2026-03-10T10:00:00", category="news")], refused)) == [True]


def test_a_refusal_of_nobody_knows_what_cools_off_everything() -> None:
    cooling = CoolingOff(**NAMED, rule_id="cooling", after=frozenset({"refused"}), same="category", span=30 * DAY)
    refused = Situation(outcomes=[refusal("2026-03-01T10:00:00", category=None)])
    assert verdicts(decide([cooling], [contact("a", "2026-03-10T10:00:00", category="news")], refused)) == [False]


def test_a_list_without_end_suppresses_for_ever_and_one_with_an_end_until_then() -> None:
    black = ListEffect(**NAMED, rule_id="black", list_name="black")
    asked = [contact("a", "2026-03-03T10:00:00")]
    [for_ever] = decide([black], asked, Situation(lists=[mark()]))
    assert (for_ever.is_permitted, for_ever.next_allowed_at) == (False, None)
    end = moment("2026-03-05T12:00:00")
    [for_now] = decide([black], asked, Situation(lists=[mark(end)]))
    assert (for_now.is_permitted, for_now.next_allowed_at) == (False, end)


@pytest.mark.parametrize(
    "entry",
    [mark(channel="web"), mark(category="news"), mark(starts_at=moment("2026-03-04T00:00:00")), mark(NOW)],
)
def test_a_list_entry_concerns_its_own_channel_category_and_time_only(entry: ListMark) -> None:
    black = ListEffect(**NAMED, rule_id="black", list_name="black")
    assert verdicts(decide([black], [contact("a", "2026-03-03T10:00:00")], Situation(lists=[entry]))) == [True]


def test_capacity_is_the_whole_operators_and_given_by_priority() -> None:
    hall = CapacityLimit(**NAMED, rule_id="hall", limit=2, unit="hour", zone="Asia/Shanghai")
    asked = [
        contact(name, "2026-03-03T10:30:00", customer_id=name, priority=priority)
        for name, priority in (("low", 0.1), ("high", 0.9), ("mid", 0.5))
    ]
    policies = PolicySet("set", [hall])
    judged = judge(asked, {}, policies, {}, TERMS, NOW)
    assert verdicts(judged.decisions) == [False, True, True]
    assert judged.decisions[0].next_allowed_at == moment("2026-03-03T11:00:00")
    assert judged.capacity == {("hall", moment("2026-03-03T10:00:00")): 2}


def test_in_a_batch_priority_goes_first_then_contact_id_and_answers_keep_their_places() -> None:
    asked = [
        contact("b", "2026-03-03T10:00:00", priority=0.5),
        contact("c", "2026-03-03T11:00:00", priority=0.7),
        contact("a", "2026-03-03T12:00:00", priority=0.5),
    ]
    decisions = decide([rolling(1, DAY)], asked)
    assert [made.contact.contact_id for made in decisions] == ["b", "c", "a"]
    assert verdicts(decisions) == [False, True, False]
    assert verdicts(decide([rolling(1, DAY)], [asked[0], asked[2]])) == [False, True]


def test_all_policies_against_a_contact_are_told_the_one_that_holds_longest_first() -> None:
    policies: list[Policy] = [
        rolling(1, DAY, "short"),
        QUIET,
        rolling(1, 5 * DAY, "long"),
        ListEffect(**NAMED, rule_id="black", list_name="black"),
    ]
    taken = Situation([contact("before", "2026-03-03T20:00:00")], [mark()])
    [decision] = decide(policies, [contact("a", "2026-03-03T22:00:00")], taken)
    assert [finding.rule_id for finding in decision.findings] == ["black", "long", "short", "quiet"]
    assert decision.next_allowed_at is None


def test_the_next_allowed_moment_satisfies_all_policies_at_once() -> None:
    # A day after 13:00 is inside nobody's quiet hours; two days after 22:00 is, until nine in the morning.
    taken = Situation([contact("before", "2026-03-03T20:59:00")])
    [decision] = decide([rolling(1, 24 * HOUR + 2 * MINUTE), QUIET], [contact("a", "2026-03-04T10:00:00")], taken)
    assert decision.next_allowed_at == moment("2026-03-05T09:00:00")


def test_a_policy_governs_and_counts_the_days_it_is_valid_for() -> None:
    april = rolling(1, 3 * DAY, valid_from=date(2026, 4, 1), valid_to=date(2026, 4, 30))
    always = rolling(9, HOUR, "always")
    march = Situation([contact("a", "2026-03-31T23:00:00")])
    assert verdicts(decide([april, always], [contact("b", "2026-04-01T00:00:00")], march)) == [True]
    last = Situation([contact("a", "2026-04-30T23:00:00")])
    [blocked] = decide([april, always], [contact("b", "2026-04-30T23:30:00")], last)
    assert blocked.next_allowed_at == moment("2026-05-01T00:00:00")


def test_a_limit_of_none_forbids_even_the_first_contact() -> None:
    [decision] = decide([rolling(0, DAY)], [contact("a", "2026-03-03T10:00:00")])
    assert (decision.is_permitted, decision.next_allowed_at) == (False, None)


def test_contacts_outside_a_policys_scope_neither_suffer_nor_count() -> None:
    outbound = rolling(1, DAY, scope=Scope(directions=frozenset({"outbound"}), purposes=frozenset({"marketing"})))
    inbound, service = {"direction": "inbound"}, {"purpose": "service"}
    exempt = Situation([contact("a", "2026-03-03T10:00:00", **inbound), contact("b", "2026-03-03T10:00:00", **service)])
    assert verdicts(decide([outbound], [contact("c", "2026-03-03T11:00:00")], exempt)) == [True]
    taken = Situation([contact("a", "2026-03-03T10:00:00")])
    assert verdicts(decide([outbound], [contact("c", "2026-03-03T11:00:00", **inbound)], taken)) == [True]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (contact("a", "2026-03-03T10:00:00", channel="pigeon"), "governance/unknown-channel"),
        (contact("a", "2026-03-03T10:00:00", zone="Moon/Tranquillity"), "governance/unknown-zone"),
        (contact("a", "2026-03-03T10:00:00", zone="../../etc/passwd"), "governance/unknown-zone"),
        (contact("a", "1999-03-03T10:00:00"), "governance/planned-in-the-past"),
        (contact("a", NOW - 48 * HOUR), "governance/planned-in-the-past"),
        (contact("a", "9999-12-31T23:59:59Z"), "governance/planned-too-far-ahead"),
        (contact("a", "0001-01-01T00:00:00Z"), "governance/planned-in-the-past"),
    ],
)
def test_what_nobody_can_judge_is_suppressed_and_the_cause_named(request_: Contact, code: str) -> None:
    [decision] = decide([rolling(5, DAY)], [request_])
    assert not decision.is_permitted
    assert [(finding.rule_id, finding.rule_version) for finding in decision.findings] == [(code, "set")]


def test_without_a_policy_in_force_nothing_is_permitted() -> None:
    asked = [contact("a", "2026-03-03T10:00:00")]
    over = rolling(5, DAY, valid_to=date(2026, 3, 2))
    for policies in ([], [over]):
        [decision] = decide(policies, asked)
        assert [finding.rule_id for finding in decision.findings] == ["governance/no-policy-in-force"]


def test_what_is_planned_in_the_past_may_be_asked_for_again_now() -> None:
    [decision] = decide([rolling(5, DAY)], [contact("a", NOW - 10 * DAY)])
    assert decision.next_allowed_at == NOW


def test_screening_asks_the_lists_alone() -> None:
    policies = PolicySet("set", [rolling(0, DAY), ListEffect(**NAMED, rule_id="black", list_name="black")])
    asked = [contact("a", "2026-03-03T10:00:00"), contact("b", "2026-03-03T10:00:00", customer_id="ben")]
    assert verdicts(screen(asked, {"anna": Situation(lists=[mark()])}, policies, TERMS, NOW).decisions) == [False, True]


def test_a_permitted_contact_says_when_its_reservation_lapses() -> None:
    outbound, inbound = contact("a", NOW + SECOND), contact("b", NOW + SECOND, direction="inbound")
    expiries = [made.expires_at for made in decide([rolling(5, DAY)], [outbound, inbound])]
    assert expiries == [outbound.at + 48 * HOUR, inbound.at + 30 * MINUTE]
