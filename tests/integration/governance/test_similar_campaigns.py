"""No similar campaign within the span, on both databases: in bulk, as told later, and however many ask at once."""

import random
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from datetime import timedelta
from itertools import combinations
from typing import Any

import pytest

from services.governance.adapters.ledger import SqlLedger
from services.governance.application.use_cases import UseCases
from shared.contracts.governance import ContactRequest
from tests.integration.governance.conftest import Make
from tests.integration.governance.world import START, World

SPAN = timedelta(days=14)
POLICIES = {"alike": "kind: no_repeat\napplies_to: {directions: [outbound]}\nof: similar_campaign\nspan: 14d"}
ALIKE = {"spring": ["summer"], "summer": ["spring", "autumn"], "autumn": ["summer"]}
WRITERS, BATCHES, BATCH, SUBSCRIBERS = 3, 12, 25, 20


def ask(world: World, contact_id: str, hours: float, campaign: str, **fields: Any) -> ContactRequest:
    return world.ask(contact_id, hours, campaign_id=campaign, similar_to=ALIKE[campaign], **fields)


def test_of_a_large_batch_exactly_those_wait_whom_a_similar_campaign_has_contacted(make_world: Make) -> None:
    world = make_world(POLICIES)
    everybody = [f"s{number}" for number in range(60)]
    before = {"spring": everybody[:20], "summer": everybody[20:30], "autumn": everybody[30:40]}
    first = [
        ask(world, f"{campaign} {one}", 24, campaign, customer_id=one)
        for campaign, few in before.items()
        for one in few
    ]
    assert {verdict.verdict for verdict in world.use.reserve(first)} == {"permit"}
    second = [ask(world, f"second {one}", 48, "summer", customer_id=one) for one in everybody]
    told = world.use.reserve(second)
    waiting = {asked.customer_id for asked, verdict in zip(second, told, strict=True) if verdict.verdict == "suppress"}
    assert waiting == {*before["spring"], *before["autumn"]}
    later = START + timedelta(hours=24) + SPAN
    assert {verdict.next_allowed_at for verdict in told if verdict.verdict == "suppress"} == {later}
    again = [ask(world, f"third {one}", 24 + 14 * 24, "summer", customer_id=one) for one in sorted(waiting)]
    assert {verdict.verdict for verdict in world.use.reserve(again)} == {"permit"}


def test_the_receipt_tells_the_campaigns_named_and_what_was_counted(make_world: Make) -> None:
    world = make_world(POLICIES)
    world.use.reserve([ask(world, "a", 24, "spring"), ask(world, "b", 30, "summer")])
    receipt = world.use.explain("b")
    assert receipt.request.similar_to == ["spring", "autumn"]
    assert [(one.rule_id, one.limit, one.used) for one in receipt.counters] == [("alike", 1, 1)]
    assert [reason.rule_id for reason in receipt.verdict.reasons] == ["alike"]


def test_a_released_contact_makes_room_and_one_made_later_than_planned_counts_from_then(
    make_world: Make,
) -> None:
    world = make_world(POLICIES)
    world.use.reserve([ask(world, "a", 24, "spring")])
    world.use.release(["a"], "changed our mind")
    [freed] = world.use.reserve([ask(world, "b", 30, "summer")])
    assert freed.verdict == "permit"
    [kept] = world.use.reserve([ask(world, "c", 36, "summer", customer_id="bob")])
    world.clock.advance(timedelta(hours=40))
    world.use.confirm([kept.contact_id])
    [early] = world.use.reserve([ask(world, "d", 36 + 14 * 24, "spring", customer_id="bob")])
    assert early.next_allowed_at == START + timedelta(hours=40) + SPAN


@pytest.mark.servers
def test_two_similar_campaigns_never_both_contact_a_subscriber_however_many_ask_at_once(
    make_on: Callable[[str, dict[str, str]], World],
    postgres_database: Callable[[], str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    live = SqlLedger.live

    def slow_live(self: SqlLedger, *args: Any) -> Any:
        found = live(self, *args)
        time.sleep(0.003)  # if two writers can overlap at all, they will
        return found

    monkeypatch.setattr(SqlLedger, "live", slow_live)
    world = make_on(postgres_database(), POLICIES)
    faults: list[BaseException] = []
    start = threading.Barrier(WRITERS)

    def write(writer: int, use: UseCases) -> None:
        chance = random.Random(writer)
        start.wait()
        for place in range(BATCHES):
            batch = [
                ask(
                    world,
                    f"{writer} {place} {number}",
                    chance.randrange(1, 60 * 24),
                    chance.choice(list(ALIKE)),
                    customer_id=f"s{chance.randrange(SUBSCRIBERS)}",
                )
                for number in range(BATCH)
            ]
            try:
                use.reserve(batch)
            except Exception as fault:  # noqa: BLE001 - a thread's fault must reach the test
                faults.append(fault)

    threads = [threading.Thread(target=write, args=(writer, world.another())) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert faults == []
    standing: dict[str, list[tuple[int, str]]] = defaultdict(list)
    for customer_id, campaign_id, at in world.rows("SELECT customer_id, campaign_id, planned_at FROM contact"):
        standing[customer_id].append((at, campaign_id))
    near = [
        {one, two}
        for mine in standing.values()
        for (first, one), (second, two) in combinations(sorted(mine), 2)
        if second - first < SPAN.total_seconds() * 1e6
    ]
    assert not [pair for pair in near if pair in ({"spring", "summer"}, {"summer", "autumn"})]
    assert {"spring", "autumn"} in near  # not alike: they stand side by side
    assert {"spring"} in near  # a campaign's own follow-ups
