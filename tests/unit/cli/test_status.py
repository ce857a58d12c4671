"""What `banyan status` makes of what it sees."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from click.testing import Result

from services.workbench.cli import status_survey
from services.workbench.cli.status_findings import Answer, Seen, findings_of
from shared.messaging.queue_depths import QueueDepth
from shared.messaging.roll_call import Presence
from tests.support.fake_bus import FakeBus

NOW = datetime(2026, 3, 2, tzinfo=UTC)
WELL = Answer(container="governance", is_well=True, rule_set="abc", database=True, outbox_rows=0)
HERE = Presence(
    container="governance",
    instance="i",
    host="h",
    pid=1,
    started_at=NOW,
    banyan="1",
    reads_rules=True,
    rule_set="abc",
)
Run = Callable[..., Result]


def seen(**changes: Any) -> Seen:
    """Return a deployment in which all is well, but for the changes."""
    fine = Seen(
        at=NOW,
        containers=[WELL],
        replicas={"governance": 1},
        silent={},
        processes=[HERE],
        queues=[
            QueueDepth(name="rpc-governance", messages=0, consumers=1),
            QueueDepth(name="evt-a-b--governance.c", messages=3, consumers=1),
            QueueDepth(name="dead.rpc-governance", messages=0, consumers=0),
            QueueDepth(name="banyan.retry.500", messages=5, consumers=0),
        ],
    )
    return msgspec.structs.replace(fine, **changes)


def but(**changes: Any) -> Answer:
    return msgspec.structs.replace(WELL, **changes)


def test_where_all_is_well_nothing_is_found() -> None:
    assert findings_of(seen()) == []


@pytest.mark.parametrize(
    ("changes", "code", "about"),
    [
        ({"containers": [but(is_well=False, fault="unavailable: x")], "replicas": {}}, "not_running", "governance"),
        ({"containers": [but(is_well=False, fault="unavailable: x")]}, "no_answer", "governance"),
        ({"containers": [but(clock_skew_s=-3.0)]}, "clock_skew", "governance"),
        ({"silent": {"governance": 2}}, "silent_replicas", "governance"),
        ({"containers": [but(is_well=False, database=False)]}, "database_unreachable", "governance"),
        ({"processes": [msgspec.structs.replace(HERE, database=False)]}, "database_unreachable", "governance"),
        ({"queues": [QueueDepth(name="dead.q", messages=1, consumers=0)]}, "dead_letters", "q"),
        ({"queues": [QueueDepth(name="evt-a-b--c.d", messages=0, consumers=0)]}, "nobody_listens", "evt-a-b--c.d"),
        ({"containers": [but(outbox_rows=1, outbox_oldest_seconds=61.0)]}, "outbox_lag", "governance"),
        ({"processes": [msgspec.structs.replace(HERE, rule_set="xyz")]}, "rule_drift", "abc, xyz"),
        (
            {"processes": [msgspec.structs.replace(HERE, fault_count=1, stale_seconds=61.0, faults=["rule.yaml:1:1"])]},
            "rules_refused",
            "governance",
        ),
    ],
)
def test_each_thing_that_is_wrong_is_found_once_and_says_what_to_do(
    changes: dict[str, Any], code: str, about: str
) -> None:
    [found] = findings_of(seen(**changes))
    assert (found.code, found.about) == (code, about)
    assert all((found.zh, found.en, found.next_zh, found.next_en))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[Seen]:
    """Have `banyan status` see what the test puts here, one after the other."""
    ahead: list[Seen] = []
    monkeypatch.setattr(status_survey, "survey", lambda *_: ahead.pop(0))
    return ahead


def test_people_read_a_table_and_under_it_what_to_do(run: Run, looked: list[Seen]) -> None:
    looked += [seen(), seen(queues=[QueueDepth(name="dead.q", messages=7, consumers=0)])]
    well = run("status")
    assert well.exit_code == 0
    assert "一切正常" in well.stdout
    ill = run("status", "--lang", "en")
    assert ill.exit_code == 1
    assert "7 parked messages of q" in ill.stdout
    assert "banyan dead-letters replay q" in ill.stdout


def test_programs_read_json(run: Run, looked: list[Seen]) -> None:
    looked.append(seen(silent={"governance": 1}))
    said = run("status", "--json")
    told = json.loads(said.stdout)
    assert said.exit_code == 1
    assert (told["is_well"], told["findings"][0]["code"]) == (False, "silent_replicas")
    assert told["containers"][0]["database"] is True


def test_it_looks_again_until_it_is_interrupted(run: Run, looked: list[Seen], monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    def wait(seconds: float) -> None:
        waits.append(seconds)
        if len(waits) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr("services.workbench.cli.status.time.sleep", wait)
    looked += [seen(silent={"governance": 1}), seen()]
    said = run("status", "--watch", "5", "--lang", "en")
    assert (said.exit_code, waits) == (0, [5.0, 5.0])
    assert "all is well" in said.stdout


def test_a_service_without_its_database_is_not_well(run: Run, fake_bus: FakeBus) -> None:
    now = datetime.now(UTC).isoformat()
    health = {"service": "governance_bulk", "time": now, "database": False, "outbox_rows": 2}
    fake_bus.answers["governance_bulk", "ping"] = health
    said = run("status", "governance_bulk", "--json")
    assert said.exit_code == 1
    [told] = json.loads(said.stdout)
    assert (told["is_well"], told["database"], told["outbox_rows"], told["fault"]) == (False, False, 2, None)
