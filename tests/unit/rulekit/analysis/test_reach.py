"""What is said of caps and spacing, against contacts counted one by one."""

import itertools
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.rulekit.analysis.reach import is_coarser, is_longer, is_wider, most_contacts
from shared.rulekit.model import AppliesTo, Calendar, Rolling, Window

START = datetime(2026, 2, 23)  # noqa: DTZ001 - a wall clock; a Monday shortly before the months meet
ROLLING = st.integers(1, 800).map(lambda hours: Rolling(timedelta(hours=hours)))
WINDOWS: st.SearchStrategy[Window] = st.one_of(
    ROLLING, st.sampled_from([Calendar("hour"), Calendar("day"), Calendar("week"), Calendar("month")])
)
MOMENTS = st.lists(st.integers(0, 60 * 24 * 40), max_size=40).map(
    lambda minutes: [START + timedelta(minutes=one) for one in sorted(minutes)]
)


def used(window: Window, before: Sequence[datetime], now: datetime) -> int:
    """Count what lies in the window that ends now."""
    if isinstance(window, Rolling):
        return sum(now - window.span < one for one in before)
    return sum(unit_of(window, one) == unit_of(window, now) for one in before)


def unit_of(window: Calendar, moment: datetime) -> tuple[int, ...]:
    match window.unit:
        case "hour":
            return (moment.year, moment.month, moment.day, moment.hour)
        case "day":
            return (moment.year, moment.month, moment.day)
        case "week":
            return moment.isocalendar()[:2]
        case _:
            return (moment.year, moment.month)


@given(long=WINDOWS, short=WINDOWS, least=st.integers(1, 6), more=st.integers(0, 3), moments=MOMENTS)
def test_a_cap_over_a_longer_window_that_permits_no_more_always_stops_a_contact_first(
    long: Window, short: Window, least: int, more: int, moments: list[datetime]
) -> None:
    if not is_longer(long, short):
        return
    made: list[datetime] = []
    for moment in moments:
        if used(long, made, moment) < least:
            assert used(short, made, moment) < least + more
            made.append(moment)


@given(window=WINDOWS, hours=st.integers(1, 200), moments=MOMENTS)
def test_contacts_that_keep_their_distance_are_never_more_than_said(
    window: Window, hours: int, moments: list[datetime]
) -> None:
    spacing, made = timedelta(hours=hours), list[datetime]()
    for moment in moments:
        if not made or moment - made[-1] >= spacing:
            assert used(window, made, moment) < most_contacts(window, spacing)
            made.append(moment)


@pytest.mark.parametrize(("window", "hours", "most"), [(Calendar("day"), 24, 1), (Rolling(timedelta(days=7)), 48, 4)])
def test_as_many_contacts_as_said_do_fit(window: Window, hours: int, most: int) -> None:
    made = [START + timedelta(hours=hours * step) for step in range(most)]
    assert most_contacts(window, timedelta(hours=hours)) == most
    assert used(window, made[:-1], made[-1]) == most - 1


SCOPES = st.builds(
    AppliesTo,
    directions=st.frozensets(st.sampled_from(["outbound", "inbound"])),
    purposes=st.frozensets(st.sampled_from(["marketing", "service"])),
    channels=st.frozensets(st.sampled_from(["hall", "outbound_call", "sms", "hotline", "web"])),
    categories=st.frozensets(st.sampled_from(["a", "b"])),
    campaigns=st.frozensets(st.sampled_from(["x", "y"])),
)
CONTACTS = [
    dict(zip(("direction", "purpose", "channel", "category", "campaign"), each, strict=True))
    for each in itertools.product(
        ("outbound", "inbound"),
        ("marketing", "service"),
        ("hall", "outbound_call", "sms", "hotline", "web"),
        "abc",
        "xyz",
    )
]


@given(one=SCOPES, other=SCOPES)
def test_a_wider_scope_covers_every_contact_of_the_other_and_only_such_a_one_is_called_wider(
    one: AppliesTo, other: AppliesTo
) -> None:
    covers_all = all(one.covers(**contact) for contact in CONTACTS if other.covers(**contact))
    assert is_wider(one, other) == covers_all


def test_what_is_counted_together_by_customer_or_within_one_channel() -> None:
    one_channel = AppliesTo(channels=frozenset({"sms"}))
    assert is_coarser("customer", "customer_campaign", AppliesTo())
    assert is_coarser("customer_channel", "customer", one_channel)
    assert not is_coarser("customer_channel", "customer", AppliesTo())
    assert not is_coarser("customer_category", "customer_campaign", one_channel)
