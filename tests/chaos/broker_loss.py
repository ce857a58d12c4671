"""The broker goes away, hard and cleanly, with thousands of events in queues and calls under way."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from shared.messaging.client import BanyanClient
from tests.chaos.events import applied, check_reservations, requests, reserve_all, tell
from tests.chaos.town import Town

_CONSUMERS = ("governance", "campaigns")
_NO_CONTACT = '{"contacts":[]}'
_NO_CHANGE = '{"changed_at":"2026-03-02T01:00:00Z","customers":[]}'
_QUEUES = {
    "evt-channels-contacts_sent--governance_bulk.on_contacts_sent": "in_flight_contacts",
    "evt-channels-contacts_sent--campaigns_bulk.on_contacts_sent": "in_flight_contacts",
    "evt-customer_view-customers_changed--campaigns_bulk.on_customers_changed": "in_flight_changes",
}
"""Where the events wait, and which size of the plan says how many."""
_FILL_SECONDS = 120.0


def lose_broker(town: Town) -> None:
    """Restart the broker under load, so often as planned, by turns hard and cleanly."""
    for number in range(town.plan.rounds):
        _round(town, f"broker{number}", is_hard=number % 2 == 0)


def _round(town: Town, mark: str, *, is_hard: bool) -> None:
    plan, way = town.plan, "SIGKILL" if is_hard else "a clean stop"
    wanted = requests(mark, plan.in_flight_calls)
    with BanyanClient(town.deployment.amqp_url) as client, ThreadPoolExecutor(1) as pool:
        pids = [town.deployment.pid(name) for name in _CONSUMERS]
        for pid in pids:  # halted, so that their queues fill
            os.kill(pid, signal.SIGSTOP)
        try:
            tell(town, "channels", "contacts_sent", _NO_CONTACT, f"contacts-{mark}", plan.in_flight_contacts)
            tell(town, "customer_view", "customers_changed", _NO_CHANGE, f"changes-{mark}", plan.in_flight_changes)
            asking = pool.submit(reserve_all, client, wanted)
            waiting = _await_queues(town)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        town.say(f"the broker is ended by {way} with {waiting} messages in flight")
        town.account.note(f"messages in flight at {way}", waiting)
        town.account.require(waiting >= sum(_wanted(town).values()), f"only {waiting} messages were in flight")
        town.servers.broker.restart(is_hard=is_hard)
        town.await_recovery(time.monotonic(), f"the broker's return from {way}")
        verdicts = asking.result()
    town.await_calm(f"the broker's return from {way}")
    check_reservations(town, mark, verdicts, len(wanted))
    owed = {
        ("governance", "contacts"): plan.in_flight_contacts,
        ("campaigns", "contacts"): plan.in_flight_contacts,
        ("campaigns", "changes"): plan.in_flight_changes,
    }
    for (service, kind), wanted_count in owed.items():
        count = applied(town, service, f"{kind}-{mark}")
        town.account.note(f"{kind} applied by {service}", f"{count} of {wanted_count}")
        town.account.require(count == wanted_count, f"{service} applied {count} of {wanted_count} {kind}")


def _await_queues(town: Town) -> int:
    """Wait until every event lies in its queues; returns the number of messages in all queues of work."""
    wanted = _wanted(town)
    deadline = time.monotonic() + _FILL_SECONDS
    while True:
        counts = {name: count for name, count in town.deployment.backlog().items() if not name.startswith("chaos-")}
        if all(counts.get(name, 0) >= count for name, count in wanted.items()) or time.monotonic() > deadline:
            return sum(count for name, count in counts.items() if not name.startswith("outbox"))
        time.sleep(0.2)


def _wanted(town: Town) -> dict[str, int]:
    return {name: getattr(town.plan, size) for name, size in _QUEUES.items()}
