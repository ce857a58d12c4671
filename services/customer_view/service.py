"""customer_view on the bus: `customer_view` for one subscriber at a time, `customer_view_bulk` for many."""

from datetime import datetime

import structlog

from services.customer_view.application.use_cases import UseCases
from services.customer_view.dependencies import Dependencies
from shared.contracts.campaigns import OrdersFulfilled
from shared.contracts.customer_view import (
    Audience,
    AudiencePage,
    AudienceQuery,
    Customer,
    CustomerEvent,
    CustomerOrder,
    CustomerRecord,
    FiringReport,
    UpsertResult,
)
from shared.contracts.wire import INTERACTIVE_LIMIT
from shared.messaging.entrypoints import Pingable, event, every, rpc

SWEEP_SECONDS = 30.0
_log = structlog.get_logger(__name__)


class CustomerView(Pingable):
    """Short questions; its own pool of workers, which bulk work never takes."""

    name = "customer_view"
    deps: UseCases = Dependencies()

    @rpc
    def get_customer(self, customer_id: str) -> Customer:
        """Return one subscriber with facts and segments."""
        return self.deps.get_customer(customer_id)

    @rpc
    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        """Keep a few records; report the bad ones."""
        return self.deps.upsert_customers(customers, limit=INTERACTIVE_LIMIT)

    @rpc
    def record_events(self, events: list[CustomerEvent]) -> UpsertResult:
        """Keep a few events, and fire what follows; report the bad ones."""
        return self.deps.triggers.record_events(events, limit=INTERACTIVE_LIMIT)


class CustomerViewBulk(Pingable):
    """Whole files and audiences."""

    name = "customer_view_bulk"
    max_workers = 4
    deps: UseCases = Dependencies()

    @rpc
    def upsert_customers(self, customers: list[CustomerRecord]) -> UpsertResult:
        """Keep many records; report the bad ones."""
        return self.deps.upsert_customers(customers)

    @rpc
    def record_orders(self, orders: list[CustomerOrder]) -> UpsertResult:
        """Add products BOSS has sold to what is held."""
        return self.deps.record_orders(orders)

    @rpc
    def record_events(self, events: list[CustomerEvent]) -> UpsertResult:
        """Keep many events, and fire what follows; report the bad ones."""
        return self.deps.triggers.record_events(events)

    @rpc
    def fire_due(self, until: datetime | None = None) -> FiringReport:
        """Fire the triggers that are due although no event arrived."""
        return self.deps.triggers.fire_due(until)

    @every(SWEEP_SECONDS)
    def tick(self) -> None:
        """Fire what is due by the clock."""
        self.deps.triggers.tick()

    @rpc
    def audience(self, query: AudienceQuery) -> Audience:
        """Freeze who a rule or segment selects."""
        return self.deps.audience(query)

    @rpc
    def audience_page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        """Return the members that follow `after`."""
        return self.deps.audience_page(audience_id, after, limit)

    @event("campaigns", "orders_fulfilled")
    def on_orders_fulfilled(self, event_id: str, event: OrdersFulfilled) -> None:
        """Add what was fulfilled to what is held."""
        for fault in self.deps.add_products(event_id, event):
            _log.warning("unknown_product", event_id=event_id, order=fault.index, message=fault.message)
