"""The main job on a real RabbitMQ and a real PostgreSQL, each service a process of its own, one of them killed."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.messaging.client import BanyanClient
from tests.support.deployment import Deployment
from tests.support.postgres import Postgres
from tests.support.rabbitmq import RabbitMQ
from tests.support.rehearsal import Operator, plans

pytestmark = [pytest.mark.servers, pytest.mark.slow, pytest.mark.timeout(600)]

SUBSCRIBERS = 2_000
EVENING_BEFORE = datetime(2026, 3, 1, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou
MOMENTS = [MORNING + timedelta(days=day, hours=hour) for day in range(3) for hour in (0, 4, 8, 11)]


@contextmanager
def operator_of(deployment: Deployment) -> Iterator[Operator]:
    with deployment, BanyanClient(deployment.amqp_url) as client:
        yield Operator(deployment, client)


def run(
    postgres: Postgres, broker: RabbitMQ, folder: Path, mischief: Callable[[Deployment, int], None]
) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, list[tuple[object, ...]]]]:
    folder.mkdir()
    deployment = Deployment(postgres, broker, folder, now=EVENING_BEFORE)
    with operator_of(deployment) as operator:
        operator.load(SUBSCRIBERS)
        operator.launch(plans())
        operator.live_through(MOMENTS, at_step=lambda step: mischief(deployment, step))
        assert not [name for name in deployment.backlog() if name.startswith("dead.")]
        ledgers = {
            "governance": deployment.query("governance", "SELECT contact_id FROM contact"),
            "channels": deployment.query("channels", "SELECT contact_id FROM dispatch_order"),
        }
        return operator.contacts(), operator.suppressions(), ledgers


def kill_soon(deployment: Deployment, name: str, after: float) -> None:
    """Kill a process while the call that follows is being worked on, and start it again a moment later."""

    def strike() -> None:
        time.sleep(after)
        deployment.kill(name)
        time.sleep(0.5)
        deployment.restart(name)

    threading.Thread(target=strike, daemon=True).start()


def contact_facts(contacts: list[dict[str, Any]]) -> list[tuple[object, ...]]:
    return sorted(
        (
            one["contact_id"],
            one["customer_id"],
            one["campaign_id"],
            one["channel"],
            one["planned_at"],
            one["contacted_at"],
            one["outcome"],
        )
        for one in contacts
    )


def test_a_service_killed_in_the_middle_changes_nothing(postgres: Postgres, broker: RabbitMQ, tmp_path: Path) -> None:
    undisturbed, _, _ = run(postgres, broker, tmp_path / "undisturbed", lambda _deployment, _step: None)

    kills: list[str] = []

    def mischief(deployment: Deployment, step: int) -> None:
        kills[:] = deployment.kills
        if step == 0:
            kill_soon(deployment, "governance", after=0.4)
        elif step == 4:
            kill_soon(deployment, "campaigns", after=0.3)
        elif step == 5:
            kill_soon(deployment, "channels", after=0.2)

    disturbed, suppressed, ledgers = run(postgres, broker, tmp_path / "disturbed", mischief)

    assert kills == ["governance", "campaigns", "channels"]
    assert len({one["campaign_id"] for one in undisturbed}) >= 6
    assert len(undisturbed) > 100
    assert contact_facts(disturbed) == contact_facts(undisturbed)
    assert max(Counter(one["contact_id"] for one in disturbed).values()) == 1
    live = {one["contact_id"] for one in disturbed if one["state"] != "failed"}
    assert {row[0] for row in ledgers["governance"]} >= live
    assert Counter(row[0] for row in ledgers["channels"]) == Counter({one["contact_id"] for one in disturbed})
    assert all(row["reasons"] for row in suppressed)
    assert not any(one["cell"] == "control" for one in disturbed)
