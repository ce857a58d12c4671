"""Runs both channels classes on the embedded bus with a listener, and prints what came of it as JSON."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import json
import sys
from datetime import timedelta

from services.channels.dependencies import open_database
from services.channels.service import Channels, ChannelsBulk
from services.channels.settings import Settings
from shared.contracts.channels import ContactsSent, DispatchResult, OutcomesRecorded, RunResult, WorkItem
from shared.contracts.governance import Verdict
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Fault
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.entrypoints import event, rpc
from shared.messaging.relay import OutboxSource
from tests.unit.channels.making import NINE, FakeGovernance, asked

heard: list[str] = []


class Listener:
    """Stands for governance and campaigns."""

    name = "listener"

    @event("channels", "contacts_sent")
    def on_sent(self, event_id: str, event: ContactsSent) -> None:
        assert event_id
        heard.extend(f"sent {item.contact_id}" for item in event.contacts)

    @event("channels", "outcomes_recorded")
    def on_outcome(self, event_id: str, event: OutcomesRecorded) -> None:
        assert event_id
        heard.extend(f"{item.outcome} {item.contact_id} simulated={item.simulated}" for item in event.outcomes)


class Governance:
    """Stands for governance, where work lists ask."""

    name = "governance"

    @rpc
    def recheck(self, contact_ids: list[str]) -> list[Verdict]:
        return FakeGovernance().recheck(contact_ids)


class GovernanceBulk:
    """Stands for governance, where the runner asks."""

    name = "governance_bulk"

    @rpc
    def recheck(self, contact_ids: list[str]) -> list[Verdict]:
        return FakeGovernance().recheck(contact_ids)


def main(var: str) -> None:
    clock = SteeredClock(NINE - timedelta(hours=1))
    env = {"BANYAN_VAR": var, "BANYAN_SEED": "7"}
    database = open_database(Settings.read(env))
    config = {"BANYAN": {"settings": env, "clock": clock}}
    outboxes = [OutboxSource("channels", database)]
    codes: list[str] = []
    with EmbeddedBus([Channels, ChannelsBulk, Governance, GovernanceBulk, Listener], config, outboxes=outboxes) as bus:
        ask = bus.caller.call

        def fails(service: str, method: str, **arguments: object) -> None:
            try:
                ask(service, method, arguments, WorkItem)
            except Fault as fault:
                codes.append(f"{fault.code} {fault.details.get('field', '')}".strip())

        orders = [asked("a", propensity={"accepted": 1.0}), asked("b", channel="hall", expires_at=NINE), asked("c")]
        taken = ask("channels_bulk", "dispatch", {"orders": orders}, DispatchResult)
        fails("channels_bulk", "run_due", until=NINE)
        fails("channels", "record_outcome", contact_id="nobody", outcome="accepted", detail="")
        fails("channels", "record_outcome", contact_id="a", outcome="thrilled", detail="")
        fails("channels", "worklist", channel="fax", limit=3)
        fails("channels", "worklist", channel="hall", limit=201)
        clock.move_to(NINE)
        listed = ask("channels", "worklist", {"channel": "outbound_call", "limit": 10}, list[WorkItem])
        ask("channels", "record_outcome", {"contact_id": "c", "outcome": "refused", "detail": "太贵"}, WorkItem)
        clock.move_to(NINE + timedelta(hours=1))
        run = ask("channels_bulk", "run_due", {"until": clock.now()}, RunResult)
        bus.settle()
    result = {
        "taken": taken.taken,
        "faults": [f"{fault.index} {fault.field}" for fault in taken.faults],
        "codes": codes,
        "listed": [item.contact_id for item in listed],
        "run": [run.sent, run.failed, run.answered],
        "heard": sorted(heard),
    }
    sys.stdout.write(json.dumps(result) + "\n")


main(sys.argv[1])
