"""How `banyan status` looks at a deployment: a ping to each container, the roll, the queues."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from services.workbench import registry
from services.workbench.cli import bus, bus_queues
from services.workbench.cli.status_findings import Answer, Seen
from shared.kernel.faults import Fault
from shared.messaging.roll_call_asking import call_roll
from shared.messaging.settings import BusSettings

_NOBODY = "unavailable: nobody runs it"


def ping_all(containers: Sequence[str], timeout: float) -> list[Answer]:
    """Ask containers at the same time, in their order; a fault is an answer, too. Raises Unavailable without a bus."""
    with bus.open_client() as client, ThreadPoolExecutor(len(containers) or 1) as pool:
        return list(pool.map(lambda container: _ping(client, container, timeout), containers))


def survey(settings: BusSettings, timeout: float, management: str | None) -> Seen:
    """Look at everything once; `management` is RabbitMQ's, None asks over AMQP alone. Raises Unavailable."""
    containers = registry.CONTAINERS
    roll = call_roll(settings, containers, timeout)
    # A queue without consumers takes a ping and keeps it: nobody is to wait for an answer that cannot come.
    answers = {one.container: one for one in ping_all([name for name in containers if roll.replicas[name]], timeout)}
    return Seen(
        at=datetime.now(UTC),
        containers=[answers.get(name) or Answer(container=name, is_well=False, fault=_NOBODY) for name in containers],
        replicas=dict(roll.replicas),
        silent=roll.silent,
        processes=roll.present,
        queues=bus_queues.depths(settings, management),
    )


def _ping(client: bus.Client, container: str, timeout: float) -> Answer:
    asked = time.perf_counter()
    try:
        health = client.call(container, "ping", timeout=timeout)
    except Fault as fault:
        return Answer(container=container, is_well=False, fault=f"{fault.code}: {fault.message}")
    skew = datetime.fromisoformat(health["time"]) - datetime.now(UTC)
    return Answer(
        container=container,
        is_well=health.get("database") is not False,
        answered_in_ms=round((time.perf_counter() - asked) * 1000, 1),
        clock_skew_s=round(skew.total_seconds(), 3),
        rule_set=health.get("rule_set"),
        database=health.get("database"),
        outbox_rows=health.get("outbox_rows"),
        outbox_oldest_seconds=health.get("outbox_oldest_seconds"),
    )
