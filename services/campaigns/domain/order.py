"""An accepted offer on its way through CRM and ISMP."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class SalesOrder:
    """What follows an acceptance; at most one per contact."""

    contact_id: str
    customer_id: str
    campaign_id: str
    phase: str
    cell: str
    treatment: str
    offering_id: str
    accepted_at: datetime
    due_at: datetime
    state: str = "open"  # open, fulfilled, failed
    tries: int = 0
    fulfilled_at: datetime | None = None
    fault: str = ""


@dataclass(frozen=True, slots=True)
class FulfilmentResult:
    """What CRM and ISMP made of one order; `retry` says whether asking again can help."""

    contact_id: str
    is_fulfilled: bool
    fault: str = ""
    retry: bool = False
