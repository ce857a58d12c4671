"""The verbs of this service; each is one transaction."""

from collections.abc import Sequence

from services.catalogue.application.faults import BatchTooLarge, ResultTooLarge
from services.catalogue.application.ports import Names, Store, Stored, Unit
from services.catalogue.application.translation import offering_of
from services.catalogue.domain.bundles import check_batch
from services.catalogue.domain.checking import is_storable
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingList, OfferingsChanged
from shared.contracts.customer_view import UpsertResult
from shared.contracts.wire import BULK_LIMIT, INTERACTIVE_LIMIT, RowFault
from shared.kernel.clock import Clock
from shared.kernel.faults import NotFound
from shared.kernel.identity import derive_id

EVENT_ITEMS = 200
"""The most offerings one event carries."""


class UseCases:
    """Everything `catalogue` and `catalogue_bulk` can be asked."""

    def __init__(self, store: Store, names: Names, clock: Clock) -> None:
        self._store = store
        self._names = names
        self._clock = clock

    def upsert_offerings(self, asked: Sequence[Offering], *, limit: int = INTERACTIVE_LIMIT) -> UpsertResult:
        """Keep the good offerings, new or changed, and report the others; told to all who listen.

        Raises BatchTooLarge above `limit`.
        """
        if len(asked) > limit:
            message = f"offerings: {len(asked)} are too many, at most {limit} in one call"
            raise BatchTooLarge(message, details={"field": "offerings", "limit": limit})
        checked = [offering_of(item) for item in asked]
        known = self._names.current()
        with self._store.unit() as unit:
            stored = unit.reachable(sorted({name for item in checked for name in (item.offering_id, *item.components)}))
            kept, faults = check_batch(checked, stored, known)
            self._write(unit, [asked[index] for index in kept])
        told = [RowFault(index=fault.index, field=fault.field, message=fault.message) for fault in faults]
        return UpsertResult(written=len(kept), faults=told)

    def upsert_many(self, asked: Sequence[Offering]) -> UpsertResult:
        """Do the same for up to BULK_LIMIT offerings."""
        return self.upsert_offerings(asked, limit=BULK_LIMIT)

    def get_offering(self, offering_id: str) -> Offering:
        """Return one offering; raises NotFound."""
        found = self._store.get(offering_id) if is_storable(offering_id) else None
        if found is None:
            message = f"there is no offering {offering_id[:80]!r}"
            raise NotFound(message, details={"kind": "offering", "id": offering_id, "field": "offering_id"})
        return found

    def list_offerings(self, filters: OfferingFilters) -> OfferingList:
        """Return the offerings that match every filter, in ascending order of id; raises ResultTooLarge."""
        if filters.category is not None and not is_storable(filters.category):
            return OfferingList(offerings=[])
        found = self._store.list(filters, BULK_LIMIT + 1)
        if len(found) > BULK_LIMIT:
            message = f"more than {BULK_LIMIT} offerings match: ask for a class or a category"
            raise ResultTooLarge(message, details={"limit": BULK_LIMIT})
        return OfferingList(offerings=found)

    def _write(self, unit: Unit, offerings: Sequence[Offering]) -> None:
        """Write what differs from what is stored, and tell of that alone."""
        now = self._clock.now()
        before = unit.find([item.offering_id for item in offerings])
        changed = [
            Stored(item, (old.revision if old else 0) + 1)
            for item in offerings
            if (old := before.get(item.offering_id)) is None or old.offering != item
        ]
        unit.keep(changed, at=now)
        for start in range(0, len(changed), EVENT_ITEMS):
            page = changed[start : start + EVENT_ITEMS]
            # The revision makes a change back to an earlier content another event than the first time.
            key = derive_id(*(f"{item.offering.offering_id}:{item.revision}" for item in page))
            unit.tell(OfferingsChanged(offerings=[item.offering for item in page]), at=now, key=key)
