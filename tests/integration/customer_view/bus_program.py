"""Runs both customer_view classes on the embedded bus with a listener, and prints what came of it as JSON."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import json
import sys
from datetime import UTC, datetime

import msgspec
import sqlalchemy as sa

from services.customer_view.dependencies import open_database
from services.customer_view.service import CustomerView, CustomerViewBulk
from services.customer_view.settings import Settings
from shared.contracts.campaigns import FulfilledOrder, OrdersFulfilled
from shared.contracts.customer_view import (
    Audience,
    AudiencePage,
    AudienceQuery,
    Customer,
    CustomerRecord,
    CustomersChanged,
    UpsertResult,
)
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Fault
from shared.messaging.embedded import EmbeddedBus
from shared.messaging.entrypoints import event
from shared.messaging.relay import OutboxSource
from shared.persistence.database import Database
from shared.persistence.outbox import Outbox

NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)
heard: list[list[str]] = []


class Listener:
    """Stands for campaigns."""

    name = "listener"

    @event("customer_view", "customers_changed")
    def on_changed(self, event_id: str, event: CustomersChanged) -> None:
        assert event_id
        heard.append([one.customer_id for one in event.customers])


def tell_fulfilled(database: Database, outbox: Outbox, *, key: str) -> None:
    """Tell the event as campaigns would."""
    order = FulfilledOrder(
        contact_id="c", customer_id="a", campaign_id="p", offering_id="o", products=["weather", "jetpack"], at=NINE
    )
    with database.write() as connection:
        outbox.add(connection, "orders_fulfilled", OrdersFulfilled(orders=[order]), at=NINE, key=key)


def main(var: str, rules: str) -> None:
    env = {"BANYAN_VAR": var, "BANYAN_RULES_DIR": rules}
    config = {"BANYAN": {"settings": env, "clock": SteeredClock(NINE)}}
    database = open_database(Settings.read(env))
    campaigns = Database(f"sqlite:///{var}/campaigns.sqlite")
    metadata = sa.MetaData()
    outbox = Outbox(metadata)
    with campaigns.write() as connection:
        metadata.create_all(connection)
    outboxes = [OutboxSource("customer_view", database), OutboxSource("campaigns", campaigns)]
    codes: list[str] = []
    with EmbeddedBus([CustomerView, CustomerViewBulk, Listener], config, outboxes=outboxes) as bus:
        ask = bus.caller.call

        def fails(service: str, method: str, **arguments: object) -> None:
            try:
                ask(service, method, arguments, Audience)
            except Fault as fault:
                codes.append(fault.code)

        records = [CustomerRecord(customer_id=one, facts={"age": 30, "products": []}) for one in "ab"]
        kept = ask("customer_view_bulk", "upsert_customers", {"customers": records}, UpsertResult)
        few = [CustomerRecord(customer_id="c", facts={"age": "old"})]
        refused = ask("customer_view", "upsert_customers", {"customers": few}, UpsertResult)
        query = AudienceQuery(audience_key="k", rule={"age": {"at_least": 18}}, checks=["not-poor"], facts=["age"])
        audience = ask("customer_view_bulk", "audience", {"query": query}, Audience)
        arguments = {"audience_id": audience.audience_id, "after": "", "limit": 10}
        page = ask("customer_view_bulk", "audience_page", arguments, AudiencePage)
        fails("customer_view", "get_customer", customer_id="nobody")
        fails("customer_view", "get_customer", customer="a")
        fails("customer_view", "upsert_customers", customers=records * 101)
        fails("customer_view_bulk", "audience", query=AudienceQuery(audience_key="x", rule={"aeg": 1}))
        fails("customer_view_bulk", "audience", query={"audience_key": "x", "segmant": "silent"})
        fails("customer_view_bulk", "audience_page", audience_id="nobody", after="", limit=10)
        bus.settle()
        for key in ("1", "1"):
            tell_fulfilled(campaigns, outbox, key=key)
            bus.settle()
        after = ask("customer_view", "get_customer", {"customer_id": "a"}, Customer)
    result = {
        "kept": kept.written,
        "refused": [(fault.index, fault.field) for fault in refused.faults],
        "size": audience.size,
        "members": msgspec.to_builtins(page.members),
        "codes": codes,
        "heard": heard,
        "products": after.facts["products"],
    }
    sys.stdout.write(json.dumps(result))
    database.close()
    campaigns.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
