"""The methods of `catalogue`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_catalogue import (
    Offering,
    OfferingFilters,
    OfferingList,
)
from .of_customer_view import UpsertResult
from .of_health import Health


class Catalogue(Container):
    """Offerings one by one and by filters."""

    name = "catalogue"

    def get_offering(self, *, offering_id: str, **options: Unpack[CallOptions]) -> Offering:
        """Return one offering."""
        told: Offering = self._call("get_offering", {"offering_id": offering_id}, options)
        return told

    def list_offerings(self, *, filters: OfferingFilters, **options: Unpack[CallOptions]) -> OfferingList:
        """Return the offerings that match."""
        told: OfferingList = self._call("list_offerings", {"filters": filters}, options)
        return told

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def upsert_offerings(self, *, offerings: list[Offering], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep up to 200 offerings, new or changed."""
        told: UpsertResult = self._call("upsert_offerings", {"offerings": offerings}, options)
        return told
