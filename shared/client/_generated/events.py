"""All events of Banyan.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from abc import ABC, abstractmethod
from typing import Any, Literal, overload

from ..event_feed import EventFeed  # noqa: TID252 - installed alone, the package has another name
from .of_campaigns import (
    OrdersFulfilled,
)
from .of_catalogue import (
    OfferingsChanged,
)
from .of_channels import (
    ContactsFailed,
    ContactsSent,
    OutcomesRecorded,
)
from .of_customer_view import (
    CustomersChanged,
    TriggersFired,
)
from .of_governance import (
    ListsChanged,
)


class EventSources(ABC):
    """The events of every service."""

    @overload
    def events(
        self,
        source: Literal["campaigns"],
        event_type: Literal["contacts_sent"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[ContactsSent]: ...

    @overload
    def events(
        self,
        source: Literal["campaigns"],
        event_type: Literal["orders_fulfilled"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[OrdersFulfilled]: ...

    @overload
    def events(
        self,
        source: Literal["campaigns"],
        event_type: Literal["outcomes_recorded"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[OutcomesRecorded]: ...

    @overload
    def events(
        self,
        source: Literal["catalogue"],
        event_type: Literal["offerings_changed"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[OfferingsChanged]: ...

    @overload
    def events(
        self,
        source: Literal["channels"],
        event_type: Literal["contacts_failed"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[ContactsFailed]: ...

    @overload
    def events(
        self,
        source: Literal["channels"],
        event_type: Literal["contacts_sent"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[ContactsSent]: ...

    @overload
    def events(
        self,
        source: Literal["channels"],
        event_type: Literal["outcomes_recorded"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[OutcomesRecorded]: ...

    @overload
    def events(
        self,
        source: Literal["customer_view"],
        event_type: Literal["customers_changed"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[CustomersChanged]: ...

    @overload
    def events(
        self,
        source: Literal["customer_view"],
        event_type: Literal["triggers_fired"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[TriggersFired]: ...

    @overload
    def events(
        self,
        source: Literal["governance"],
        event_type: Literal["lists_changed"],
        queue: str,
        *,
        idle_seconds: float | None = None,
        prefetch: int = 200,
    ) -> EventFeed[ListsChanged]: ...

    @overload
    def events(
        self, source: str, event_type: str, queue: str, *, idle_seconds: float | None = None, prefetch: int = 200
    ) -> EventFeed[Any]: ...

    def events(
        self, source: str, event_type: str, queue: str, *, idle_seconds: float | None = None, prefetch: int = 200
    ) -> EventFeed[Any]:
        """Return the events of a source and type through a durable queue of your own; see EventFeed.

        `prefetch` bounds how many are in hand at once; the feed ends after `idle_seconds` without one (None: never).
        Raises Unavailable, and NotAllowed where the broker refuses, when it cannot be opened.
        """
        return self._events(source, event_type, queue, idle_seconds, prefetch)

    @abstractmethod
    def _events(
        self, source: str, event_type: str, queue: str, idle_seconds: float | None, prefetch: int
    ) -> EventFeed[Any]: ...
