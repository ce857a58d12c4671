"""A subscriber whose number stands everywhere: in ids, texts, lists, outcomes, overrides and the audit."""

import json
from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from services.governance.adapters.tables import metadata
from services.governance.dependencies import open_database
from shared.contracts.channels import ContactsSent, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.governance import ListEntry, OverrideProposal
from tests.integration.governance.world import BLACK, COOLING, OPT_OUT, START, WEEKLY, World

KEY = "a key of at least thirty-two characters"
NUMBER = "13800138000"
CONTACT = f"spring-{NUMBER}-1"
POLICIES = {
    "weekly": WEEKLY,
    "black": BLACK + "\noverride: two_persons",
    "opt-out": OPT_OUT,
    "cooling": COOLING,
}


def keyed(world: World) -> World:
    """Give the service the key that subscribers are erased with."""
    world.variables["BANYAN_GOVERNANCE_ERASURE_KEY"] = KEY
    world.use = world.another()
    return world


def entry(**fields: Any) -> ListEntry:
    values = {"customer_id": NUMBER, "reason": f"called from {NUMBER}", "source": "hotline", "author": "clerk"}
    return ListEntry(**{**values, **fields})


def lead_a_life(world: World) -> None:
    """Have the subscriber contacted, refused, listed, excepted and audited; her number is everywhere."""
    mine = {"customer_id": NUMBER}
    assert world.permits(CONTACT, 1, **mine)
    assert world.permits(f"{NUMBER}-2", 200, **mine)
    assert world.permits("ben", 1, customer_id="ben")
    world.use.list_put("black", [entry(), entry(customer_id="ben", reason="of ben")])
    held = world.use.reserve([world.ask(f"{NUMBER}-held", 400, **mine), world.ask("ben-held", 400, customer_id="ben")])
    assert [NUMBER in verdict.reasons[0].text for verdict in held] == [False, False]  # this policy quotes nobody
    proposal = {"rule_id": "black", "reason": f"{NUMBER} asked", "author": "li", "ends_at": START + timedelta(days=9)}
    world.use.override_propose(OverrideProposal(override_id=f"o-{NUMBER}", customer_id=NUMBER, **proposal))
    world.use.override_approve(f"o-{NUMBER}", "wang")
    world.pass_hours(1)
    sent = SentContact(contact_id=CONTACT, campaign_id="spring", channel="sms", at=world.clock.now(), **mine)
    world.use.contacts_sent("sent", ContactsSent(contacts=[sent]))
    outcome = RecordedOutcome(
        contact_id=CONTACT,
        campaign_id="spring",
        offering_id="crbt",
        channel="sms",
        outcome="refused",
        detail=f"{NUMBER} said no",
        at=world.clock.now(),
        **mine,
    )
    world.use.outcomes_recorded("outcome", OutcomesRecorded(outcomes=[outcome]))
    world.use.release([f"{NUMBER}-2"], f"{NUMBER} was busy")


def everything(world: World) -> str:
    """Return all rows of all tables but the outbox as one text."""
    engine = open_database(world.settings()).engine
    with engine.connect() as connection:
        tables = [table for table in metadata.sorted_tables if table.name != "outbox"]
        return json.dumps([[list(map(str, row)) for row in connection.execute(sa.select(t))] for t in tables])
