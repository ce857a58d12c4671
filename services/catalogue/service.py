"""The nameko classes `catalogue` (product owners, other services) and `catalogue_bulk` (whole catalogues)."""

from services.catalogue.application.use_cases import UseCases
from services.catalogue.dependencies import Dependencies
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingList
from shared.contracts.customer_view import UpsertResult
from shared.messaging.entrypoints import Pingable, rpc


class Catalogue(Pingable):
    """Offerings one by one and by filters."""

    name = "catalogue"
    use: UseCases = Dependencies()

    @rpc
    def upsert_offerings(self, offerings: list[Offering]) -> UpsertResult:
        """Keep up to 200 offerings, new or changed."""
        return self.use.upsert_offerings(offerings)

    @rpc
    def get_offering(self, offering_id: str) -> Offering:
        """Return one offering."""
        return self.use.get_offering(offering_id)

    @rpc
    def list_offerings(self, filters: OfferingFilters) -> OfferingList:
        """Return the offerings that match."""
        return self.use.list_offerings(filters)


class CatalogueBulk(Pingable):
    """Whole catalogues."""

    name = "catalogue_bulk"
    max_workers = 2
    use: UseCases = Dependencies()

    @rpc
    def upsert_offerings(self, offerings: list[Offering]) -> UpsertResult:
        """Keep up to 5,000 offerings, new or changed."""
        return self.use.upsert_many(offerings)
