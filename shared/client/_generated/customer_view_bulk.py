"""The methods of `customer_view_bulk`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_customer_view import (
    Audience,
    AudiencePage,
    AudienceQuery,
    CustomerEvent,
    CustomerOrder,
    CustomerRecord,
    FiringReport,
    UpsertResult,
)
from .of_health import Health
from .of_wire import Instant


class CustomerViewBulk(Container):
    """Whole files and audiences."""

    name = "customer_view_bulk"

    def audience(self, *, query: AudienceQuery, **options: Unpack[CallOptions]) -> Audience:
        """Freeze who a rule or segment selects."""
        told: Audience = self._call("audience", {"query": query}, options)
        return told

    def audience_page(
        self, *, audience_id: str, after: str, limit: int, **options: Unpack[CallOptions]
    ) -> AudiencePage:
        """Return the members that follow `after`."""
        told: AudiencePage = self._call(
            "audience_page", {"audience_id": audience_id, "after": after, "limit": limit}, options
        )
        return told

    def fire_due(self, *, until: Instant | None = None, **options: Unpack[CallOptions]) -> FiringReport:
        """Fire the triggers that are due although no event arrived."""
        told: FiringReport = self._call("fire_due", {"until": until}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def record_events(self, *, events: list[CustomerEvent], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep many events, and fire what follows; report the bad ones."""
        told: UpsertResult = self._call("record_events", {"events": events}, options)
        return told

    def record_orders(self, *, orders: list[CustomerOrder], **options: Unpack[CallOptions]) -> UpsertResult:
        """Add products BOSS has sold to what is held."""
        told: UpsertResult = self._call("record_orders", {"orders": orders}, options)
        return told

    def upsert_customers(self, *, customers: list[CustomerRecord], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep many records; report the bad ones."""
        told: UpsertResult = self._call("upsert_customers", {"customers": customers}, options)
        return told
