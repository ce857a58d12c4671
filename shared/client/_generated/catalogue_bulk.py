"""The methods of `catalogue_bulk`.

Generated: change the contracts, then run `python -m scripts.generate_client`.
"""

from typing import Unpack

from ..container import CallOptions, Container  # noqa: TID252 - installed alone, the package has another name
from .of_catalogue import (
    Offering,
)
from .of_customer_view import UpsertResult
from .of_health import Health


class CatalogueBulk(Container):
    """Whole catalogues."""

    name = "catalogue_bulk"

    def ping(self, **options: Unpack[CallOptions]) -> Health:
        """Tell who answers and when."""
        told: Health = self._call("ping", {}, options)
        return told

    def upsert_offerings(self, *, offerings: list[Offering], **options: Unpack[CallOptions]) -> UpsertResult:
        """Keep up to 5,000 offerings, new or changed."""
        told: UpsertResult = self._call("upsert_offerings", {"offerings": offerings}, options)
        return told
