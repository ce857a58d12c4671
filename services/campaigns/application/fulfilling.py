"""Carry out accepted orders in CRM and ISMP, in batches; tell the others what was fulfilled."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from services.campaigns.application.ports import Fulfilment
from services.campaigns.application.store_ports import Store
from services.campaigns.domain.offering import Offering, reach_of
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from shared.contracts.campaigns import FulfilledOrder, OrdersFulfilled
from shared.kernel.identity import derive_id

BATCH = 500
WAIT = timedelta(hours=1)
LONGEST_WAIT = timedelta(days=1)
"""An order that may half stand is asked for again until it is settled: after one hour, then twice as long each time."""


def fulfil(store: Store, fulfilment: Fulfilment, moment: datetime) -> int:
    """Carry out all orders that are due; returns how many were fulfilled. Raises Unavailable."""
    fulfilled, after = 0, ""
    while True:
        with store.read() as tx:
            orders = tx.orders.open(moment, after, BATCH)
            catalogue = tx.replicas.offerings() if orders else {}
            cases = tx.cases.many({each.campaign_id for each in orders})
        if not orders:
            return fulfilled
        after = orders[-1].contact_id
        assumed = {each.campaign_id: each.plan.simulation.fulfilment for each in cases}
        results = fulfilment.carry_out(orders, catalogue, assumed)
        settled = [_settled(order, result, moment) for order, result in zip(orders, results, strict=True)]
        done = [each for each in settled if each.state == "fulfilled"]
        with store.write() as tx:
            tx.orders.save(settled)
            if done:
                key = derive_id("orders", *(each.contact_id for each in done))
                event = OrdersFulfilled(orders=[_told(each, catalogue, moment) for each in done])
                tx.events.tell("orders_fulfilled", event, at=moment, key=key)
        fulfilled += len(done)


def _settled(order: SalesOrder, result: FulfilmentResult, moment: datetime) -> SalesOrder:
    tries = order.tries + 1
    if result.is_fulfilled:
        return replace(order, state="fulfilled", tries=tries, fulfilled_at=moment, fault="")
    if result.retry:
        wait = min(WAIT * 2 ** min(order.tries, 8), LONGEST_WAIT)
        return replace(order, tries=tries, due_at=moment + wait, fault=result.fault)
    return replace(order, state="failed", tries=tries, fault=result.fault)


def _told(order: SalesOrder, catalogue: Mapping[str, Offering], moment: datetime) -> FulfilledOrder:
    offering = catalogue.get(order.offering_id)
    products = sorted(reach_of(offering, catalogue).products) if offering else []
    return FulfilledOrder(
        contact_id=order.contact_id,
        customer_id=order.customer_id,
        campaign_id=order.campaign_id,
        offering_id=order.offering_id,
        products=products,
        at=moment,
    )
