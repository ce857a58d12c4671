"""The broker goes away, hard and cleanly, with thousands of events in queues and calls under way."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

from shared.messaging.client import BanyanClient
from tests.chaos.events import applied, check_reservations, requests, reserve_all, tell
from tests.chaos.town import Town
from tests.chaos.witness import consumers

_CONSUMERS = ("governance", "campaigns")
_NOTHING = '{"contacts":[]}'
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
            tell(town, "channels", "contacts_sent", _NOTHING, mark, plan.in_flight_events)
            asking = pool.submit(reserve_all, client, wanted)
            waiting = _await_queues(town)
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)
        town.say(f"the broker is ended by {way} with {waiting} messages in flight")
        town.account.note(f"messages in flight at {way}", waiting)
        town.account.require(waiting >= plan.in_flight_events, f"only {waiting} messages were in flight")
        town.servers.broker.restart(is_hard=is_hard)
        town.await_recovery(time.monotonic(), f"the broker's return from {way}")
        verdicts = asking.result()
    town.await_calm(f"the broker's return from {way}")
    check_reservations(town, mark, verdicts, len(wanted))
    for service in _CONSUMERS:
        count = applied(town, service, mark)
        town.account.note(f"events applied by {service}", f"{count} of {plan.in_flight_events}")
        town.account.require(count == plan.in_flight_events, f"{service} applied {count} of {plan.in_flight_events}")


def _await_queues(town: Town) -> int:
    """Wait until every event lies in both queues; returns the number of messages in all queues of work."""
    names = {one.queue for one in consumers() if (one.exchange, one.event_type) == ("channels.events", "contacts_sent")}
    deadline = time.monotonic() + _FILL_SECONDS
    while True:
        counts = {name: count for name, count in town.deployment.backlog().items() if not name.startswith("chaos-")}
        if all(counts.get(name, 0) >= town.plan.in_flight_events for name in names) or time.monotonic() > deadline:
            return sum(count for name, count in counts.items() if not name.startswith("outbox"))
        time.sleep(0.2)
