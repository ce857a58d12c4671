"""Many writers at once over the same few subscribers on PostgreSQL, recounted from the table."""

import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import Any

import pytest

from services.governance.adapters import store
from services.governance.adapters.ledger import SqlLedger
from services.governance.application.use_cases import UseCases
from shared.contracts.governance import ContactRequest
from shared.kernel.faults import Unavailable
from tests.integration.governance.world import DAILY, World

pytestmark = pytest.mark.servers

WRITERS, BATCHES, BATCH, SUBSCRIBERS = 4, 55, 25, 30  # 5,500 requests, and some of them twice
POLICIES = {
    "daily": DAILY,
    "spacing": "kind: spacing\nper: customer\nat_least: 30h",
    "weekly": "kind: frequency_cap\nper: customer\nlimit: 3\nwindow: {rolling: 7d}",
    "hall": "kind: capacity\napplies_to: {channels: [hall]}\nlimit: 4\nwindow: {calendar: day}\nzone: Asia/Shanghai",
}
SHANGHAI = timezone(timedelta(hours=8))


@pytest.fixture
def world(make_on: Callable[[str, dict[str, str]], World], postgres_database: Callable[[], str]) -> World:
    return make_on(postgres_database(), POLICIES)


@pytest.fixture(autouse=True)
def hesitation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every writer pause between reading the ledger and writing to it: if two can overlap at all, they will."""
    live = SqlLedger.live

    def slow_live(self: SqlLedger, *args: Any) -> Any:
        found = live(self, *args)
        time.sleep(0.003)
        return found

    monkeypatch.setattr(SqlLedger, "live", slow_live)


def batches(world: World, writer: int) -> list[list[ContactRequest]]:
    chance = random.Random(writer)

    def request(number: int) -> ContactRequest:
        return world.ask(
            f"w{writer}-{number}",
            chance.randrange(1, 20 * 24),
            customer_id=f"s{chance.randrange(SUBSCRIBERS)}",
            channel=chance.choice(["hall", "sms"]),
            priority=chance.random(),
        )

    return [[request(place * BATCH + number) for number in range(BATCH)] for place in range(BATCHES)]


def hammer(world: World) -> tuple[int, list[BaseException]]:
    """Let all writers loose at once; return how many requests were made, and what went wrong."""
    faults: list[BaseException] = []
    start = threading.Barrier(WRITERS)
    asked = Counter[int]()

    def write(writer: int, use: UseCases) -> None:
        chance, mine = random.Random(-writer), batches(world, writer)
        others = batches(world, (writer + 1) % WRITERS)
        start.wait()
        for place, batch in enumerate(mine):
            for one in (batch, others[place]) if chance.random() < 0.2 else (batch,):  # delivered to another as well
                try:
                    told = use.reserve(one)
                    permitted = [verdict.contact_id for verdict in told if verdict.verdict == "permit"]
                    use.release(permitted[:1], "changed our mind")
                    use.confirm(permitted[1:2])
                except Exception as fault:  # noqa: BLE001 - a thread's fault must reach the test
                    faults.append(fault)
                asked[writer] += len(one)

    threads = [threading.Thread(target=write, args=(writer, world.another())) for writer in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return asked.total(), faults


def breaches(world: World) -> dict[str, int]:
    """Count, without any code of governance, the windows that hold too much."""
    rows = world.rows("SELECT customer_id, channel, planned_at FROM contact WHERE state IN ('reserved', 'confirmed')")
    moments: dict[str, list[datetime]] = defaultdict(list)
    hall: Counter[object] = Counter()
    for customer_id, channel, planned_at in rows:
        at = datetime.fromtimestamp(planned_at / 1e6, UTC).astimezone(SHANGHAI)
        moments[customer_id].append(at)
        hall[at.date()] += channel == "hall"
    found = {"daily": 0, "spacing": 0, "weekly": 0, "hall": sum(count > 4 for count in hall.values())}
    for mine in moments.values():
        mine.sort()
        found["daily"] += sum(count > 1 for count in Counter(at.date() for at in mine).values())
        found["spacing"] += sum(two - one < timedelta(hours=30) for one, two in pairwise(mine))
        found["weekly"] += sum(
            fourth - first < timedelta(days=7) for first, fourth in zip(mine, mine[3:], strict=False)
        )
    return found


def test_no_limit_is_exceeded_and_nobody_waits_for_ever_however_many_write_at_once(world: World) -> None:
    asked, faults = hammer(world)
    assert faults == []
    assert asked >= 5_000
    assert breaches(world) == {"daily": 0, "spacing": 0, "weekly": 0, "hall": 0}
    [(live,)] = world.rows("SELECT count(*) FROM contact WHERE state IN ('reserved', 'confirmed')")
    assert live > SUBSCRIBERS  # the limits were reached, not avoided
    in_counters = world.rows("SELECT starts_at, used FROM capacity_counter WHERE used > 0 ORDER BY starts_at")
    assert [used for _, used in in_counters] == [
        count
        for (count,) in world.rows(
            "SELECT count(*) FROM contact WHERE channel = 'hall' AND state IN ('reserved', 'confirmed') "
            "GROUP BY (planned_at + 28800000000) / 86400000000 ORDER BY (planned_at + 28800000000) / 86400000000"
        )
    ]


def test_the_same_writers_without_the_locks_exceed_limits(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "take", lambda *_args, **_kw: None)
    _, faults = hammer(world)
    assert all(isinstance(fault, Unavailable) for fault in faults)
    assert sum(breaches(world).values()) > 0
