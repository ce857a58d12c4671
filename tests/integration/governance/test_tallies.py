"""Requests counted in the store get exactly what judging them from all their contacts gives."""

import os
import random
from collections.abc import Callable
from datetime import timedelta

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.governance.adapters.store import SqlStore
from services.governance.application.circumstances import circumstances
from services.governance.application.policies import policy_set
from services.governance.application.translation import contact_of
from services.governance.dependencies import open_database
from services.governance.domain.decisions import Judgement
from services.governance.domain.instants import to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.refusals import Terms
from shared.contracts.governance import ContactRequest, ListEntry
from shared.rulekit.reading.folder import load_rules
from tests.integration.governance.world import BLACK, START, World

WEB = "applies_to: {channels: [web]}"
POLICIES = {
    "weekly": "kind: frequency_cap\nper: customer\nlimit: 3\nwindow: {rolling: 7d}",
    "channel": "kind: frequency_cap\nper: customer_channel\nlimit: 2\nwindow: {rolling: 5d}",
    "category": "kind: frequency_cap\nper: customer_category\nlimit: 3\nwindow: {calendar: month}",
    "campaign": "kind: frequency_cap\nper: customer_campaign\nlimit: 3\nwindow: {calendar: week}",
    "purpose": "kind: frequency_cap\nper: customer_purpose\nlimit: 4\nwindow: {rolling: 20d}",
    "daily": f"kind: frequency_cap\n{WEB}\nper: customer\nlimit: 2\nwindow: {{calendar: day}}",
    "hourly": "kind: frequency_cap\nper: customer\nlimit: 2\nwindow: {calendar: hour}",
    "spacing": "kind: spacing\napplies_to: {directions: [inbound]}\nper: customer\nat_least: 4h",
    "not-twice": "kind: no_repeat\napplies_to: {channels: [sms], directions: [inbound]}\nspan: 14d",
    "alike": "kind: no_repeat\nof: similar_campaign\nspan: 25d",
    "summer": f"kind: spacing\nvalid_for: {{from: 2026-03-10, to: 2026-03-12}}\n{WEB}\nper: customer\nat_least: 30h",
    "night": "kind: quiet_hours\nweekly:\n  - {days: [mon, tue, wed, thu, fri], from: '22:00', to: '07:00'}",
    "messages": "kind: capacity\nlimit: 30\nwindow: {calendar: hour}\nzone: Asia/Shanghai",
    "black": BLACK,
}
SUBSCRIBERS = [f"s{number}" for number in range(150)]
ZONES = ["Asia/Shanghai"] * 12 + ["Europe/London", "America/New_York", "Asia/Nowhere"]


def requests(seed: int, count: int) -> list[ContactRequest]:
    """Return requests over twelve days, several for some subscribers, some of which nobody can judge."""
    chance = random.Random(seed)
    return [
        ContactRequest(
            contact_id=str(number),
            customer_id=chance.choice(SUBSCRIBERS),
            channel="pigeon"
            if number == 9
            else chance.choice(["sms", "sms", "sms", "outbound_call", "outbound_call", "web"]),
            campaign_id=chance.choice(["c1", "c2", "c3"]),
            offering_id=chance.choice(["o1", "o2", "o3"]),
            category=chance.choice(["music", "news", ""]),
            purpose=chance.choice(["marketing", "service"]),
            direction=chance.choice(["outbound", "outbound", "inbound"]),
            planned_at=START + timedelta(minutes=chance.randrange(12 * 24 * 60)),
            priority=chance.choice([0.0, 0.5, 1.0]),
            zone=chance.choice(ZONES),
            similar_to=chance.choice([["c1"], ["c1", "c2"], ["c9"]]) if chance.random() < 0.2 else [],
        )
        for number in range(count)
    ]


def renewed(batch: list[ContactRequest], tag: str, shift: timedelta) -> list[ContactRequest]:
    """Return the requests with ids of their own, so much later."""
    replace = msgspec.structs.replace
    return [replace(one, contact_id=tag + one.contact_id, planned_at=one.planned_at + shift) for one in batch]


def both_ways(world: World, batch: list[ContactRequest]) -> tuple[Judgement, Judgement, int]:
    """Judge a batch with and without counting; return how many were counted, too."""
    policies = policy_set(load_rules(world.rules))
    terms, now = Terms(frozenset({"sms", "web", "outbound_call"})), to_micros(world.clock.now())
    asked = [contact_of(one) for one in batch]
    told, number = [], 0
    with SqlStore(open_database(world.settings())).read() as unit:
        for counting in (True, False):
            seen = circumstances(unit, asked, policies, terms, now, counting=counting)
            number += len(seen.counted)
            told.append(judge(asked, seen.situations, policies, seen.capacity, terms, now, seen.counted))
    return told[0], told[1], number


def live_through(world: World, history: list[ContactRequest], days: int) -> None:
    """Reserve in small batches; confirm some, release some, put somebody on a list, let days go by."""
    for start in range(0, len(history), 10):
        told = world.use.reserve(history[start : start + 10])
        permitted = [one.contact_id for one in told if one.verdict == "permit"]
        world.use.release(permitted[::4], "changed our mind")
        world.use.confirm(permitted[1::4])
    world.use.list_put("black", [ListEntry(customer_id="s1", reason="asked", source="test", author="test")])
    world.pass_hours(days * 24)


@pytest.fixture
def world(make_world: Callable[[dict[str, str]], World]) -> World:
    return make_world(POLICIES)


@settings(
    max_examples=int(os.environ.get("BANYAN_TEST_EXAMPLES", "12")),
    derandomize="BANYAN_TEST_SEED" not in os.environ,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 1_000_000), days=st.integers(0, 6))
def test_counting_in_the_store_gives_what_judging_every_contact_gives(world: World, seed: int, days: int) -> None:
    # One ledger for all examples: each begins where the one before ended.
    [(batches,)] = world.rows("SELECT count(*) FROM decision")
    began, tag = world.clock.now() - START, f"{batches}-"
    live_through(world, renewed(requests(seed, 150), f"h{tag}", began), days)
    counted, judged, _ = both_ways(world, renewed(requests(seed + 1, 120), f"r{tag}", world.clock.now() - START))
    assert counted == judged


def test_most_requests_of_a_campaign_are_counted(world: World) -> None:
    batch = [world.ask(f"a{number}", 3, customer_id=name) for number, name in enumerate(SUBSCRIBERS[:25])]
    world.use.reserve(batch)
    world.use.confirm([one.contact_id for one in batch])
    world.pass_hours(24 * 5)
    later = renewed(batch, "b", timedelta(days=5))
    later = [msgspec.structs.replace(one, offering_id="ringing") for one in later]
    counted, judged, number = both_ways(world, later)
    assert counted == judged
    assert number == len(batch)
