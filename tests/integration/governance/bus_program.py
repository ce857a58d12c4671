"""Runs both governance classes on the embedded bus beside a stand-in for channels; prints what came of it as JSON."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import json
import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from services.governance.dependencies import open_database
from services.governance.service import Governance, GovernanceBulk
from services.governance.settings import Settings
from shared.contracts.channels import ContactsSent, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.governance import (
    AuditNote,
    ContactState,
    Erasure,
    ListEntry,
    ListPage,
    ListsChanged,
    Override,
    OverrideProposal,
    Pruned,
    Receipt,
    SubscriberRecord,
    Verdict,
)
from shared.kernel.faults import Fault
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.entrypoints import event
from shared.messaging.relay import OutboxSource
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox
from tests.integration.governance.world import BLACK, OPT_OUT, START, WEEKLY, World

RED = "kind: list_effect\nlist: red\noverride: two_persons"
heard: list[str] = []


class Listener:
    """Stands for campaigns."""

    name = "listener"

    @event("governance", "lists_changed")
    def on_lists_changed(self, event_id: str, event: ListsChanged) -> None:
        assert event_id
        heard.append(f"{event.list_name} +{','.join(event.put)} -{','.join(event.removed)}")


def tell(database: Database, outbox: Outbox) -> None:
    """Say what channels would: a was sent, and its subscriber opted out."""
    common = {"contact_id": "a", "customer_id": "anna", "campaign_id": "spring", "channel": "sms"}
    at = START + timedelta(hours=1)
    sent = ContactsSent(contacts=[SentContact(at=at, **common)])
    outcome = RecordedOutcome(offering_id="crbt", outcome="opt_out", detail="", at=at, **common)
    with database.write() as connection:
        outbox.add(connection, "contacts_sent", sent, at=at, key="1")
        outbox.add(connection, "outcomes_recorded", OutcomesRecorded(outcomes=[outcome]), at=at, key="1")


def red_list(world: World, ask: Callable[..., Any], fails: Callable[..., None]) -> dict[str, object]:
    """Put Carla on the red list, have two persons lift that, and take her off again; say what came of it."""
    carla = ListEntry(customer_id="carla", reason="key account", source="sales", author="clerk")
    ask("governance_bulk", "list_put", {"list": "red", "entries": [carla]}, int)
    end = START + timedelta(days=2)
    asked = {"customer_id": "carla", "rule_id": "red", "reason": "she asked", "author": "Lin", "ends_at": end}
    proposal = OverrideProposal(override_id="o1", **asked)  # type: ignore[arg-type]  # fields of the proposal
    ask("governance", "override_propose", {"proposal": proposal}, Override)
    fails("governance", "override_approve", override_id="o1", author="lin")
    ask("governance", "override_approve", {"override_id": "o1", "author": "Zhao"}, Override)
    lifted = ask("governance", "reserve", {"requests": [world.ask("l", customer_id="carla")]}, list[Verdict])
    ask("governance", "override_withdraw", {"override_id": "o1", "author": "Wu", "reason": "done"}, Override)
    overrides = ask("governance", "overrides", {"customer_id": "carla"}, list[Override])
    known = {"list": "red", "customer_ids": ["carla"], "author": "Wu", "reason": "left us"}
    ask("governance", "list_remove", known, int)
    audit = ask("governance", "audit", {"customer_id": "carla"}, list[AuditNote])
    return {
        "lifted": [(one.verdict, [reason.rule_id for reason in one.reasons]) for one in lifted],
        "overrides": [(one.state, one.proposed_by, one.approved_by, one.withdrawn_by) for one in overrides],
        "audit": [(note.action, note.author) for note in audit],
    }


def main(folder: Path) -> None:
    policies = {"weekly": WEEKLY, "black": BLACK, "opt-out": OPT_OUT, "red": RED}
    world = World(f"sqlite:///{folder}/governance.sqlite", folder, policies)
    metadata = sa.MetaData()
    outbox, channels = Outbox(metadata), Database(f"sqlite:///{folder}/channels.sqlite")
    metadata.create_all(channels.engine)
    settings = world.variables | {"BANYAN_GOVERNANCE_ERASURE_KEY": "k" * 32}
    config = {"BANYAN": {"settings": settings, "clock": world.clock}}
    mine = open_database(Settings.read(settings))
    outboxes = [OutboxSource("governance", mine), OutboxSource("channels", channels)]
    codes: list[str] = []
    with EmbeddedBus([Governance, GovernanceBulk, Listener], config, outboxes=outboxes) as bus:
        ask = bus.caller.call

        def fails(service: str, method: str, **arguments: object) -> None:
            try:
                ask(service, method, arguments, list[Verdict])
            except Fault as fault:
                codes.append(f"{fault.code} {fault.details.get('field', '')}".strip())

        three = [world.ask(name, hours) for hours, name in enumerate("abc", 1)]
        reserved = ask("governance_bulk", "reserve", {"requests": three}, list[Verdict])
        again = ask("governance", "reserve", {"requests": three}, list[Verdict])
        fails("governance", "reserve", requests=[world.ask(f"x{number}") for number in range(201)])
        fails("governance", "reserve", requests=[{"contact_id": "y"}])
        fails("governance", "list_put", list="pink", entries=[])
        fails("governance", "explain", contact_id="nobody")
        released = ask("governance", "release", {"contact_ids": ["b"], "reason": "rain"}, list[ContactState])
        entry = ListEntry(customer_id="ben", reason="asked", source="hall", author="clerk")
        put = ask("governance", "list_put", {"list": "black", "entries": [entry]}, int)
        screened = ask("governance_bulk", "screen", {"requests": [world.ask("s", customer_id="ben")]}, list[Verdict])
        page = ask("governance_bulk", "list_read", {"list": "black", "after": "", "limit": 10}, ListPage)
        red = red_list(world, ask, fails)
        tell(channels, outbox)
        bus.settle()
        receipt = ask("governance", "explain", {"contact_id": "a"}, Receipt)
        after = ask("governance", "check", {"requests": [world.ask("d", 100)]}, list[Verdict])
        removed = ask("governance_bulk", "list_remove", {"list": "black", "customer_ids": ["ben"]}, int)
        history = ask("governance", "history", {"customer_id": "anna"}, list[Receipt])
        bus.settle()
        world.pass_hours(1)
        record = ask("governance", "subscriber_export", {"customer_id": "anna", "author": "officer"}, SubscriberRecord)
        fails("governance", "subscriber_erase", customer_id="anna", author="officer", reason="anna asked")
        erased = ask(
            "governance",
            "subscriber_erase",
            {"customer_id": "anna", "author": "officer", "reason": "request 17"},
            Erasure,
        )
        again_after = ask("governance_bulk", "reserve", {"requests": three}, list[Verdict])
        pruned = ask("governance_bulk", "prune", {}, Pruned)
    result = {
        "exported": len(record.receipts),
        "erased": erased.contacts,
        "again after": [verdict.contact_id for verdict in again_after if again_after == again],
        "pruned": pruned.is_finished,
        "reserved": [verdict.verdict for verdict in reserved],
        "again": again == reserved,
        "codes": codes,
        "released": [state.state for state in released],
        "put": put,
        "removed": removed,
        "screened": [reason.rule_id for reason in screened[0].reasons],
        "a": receipt.state,
        "after": [reason.rule_id for reason in after[0].reasons],
        "history": len(history),
        "heard": heard,
        "read": [(one.customer_id, one.author) for one in page.entries],
        **red,
    }
    sys.stdout.write(json.dumps(result) + "\n")


main(Path(sys.argv[1]))
