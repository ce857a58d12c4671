"""The methods of `customer_view`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_customer_view import Customer, CustomerEvent, CustomerRecord, UpsertResult
from .of_health import Health


class CustomerView(Container):
    """Short questions; its own pool of workers, which bulk work never takes."""

    name = "customer_view"

    def get_customer(self, *, customer_id: str, **options: Unpack[CallOptions]) -> Customer:
        """Return one subscriber with facts and segments."""
        told: Customer = self._call("get_customer", {"customer_id": customer_id}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def record_events(self, *, events: list[CustomerEvent], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep a few events, and fire what follows; report the bad ones."""
        told: UpsertResult = self._call("record_events", {"events": events}, options)
        return told

    def upsert_customers(self, *, customers: list[CustomerRecord], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep a few records; report the bad ones."""
        told: UpsertResult = self._call("upsert_customers", {"customers": customers}, options)
        return told
