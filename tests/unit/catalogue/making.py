"""Offerings to test with, and the service put together from fakes."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from services.catalogue.application.ports import Stored
from services.catalogue.application.translation import offering_of
from services.catalogue.application.use_cases import UseCases
from services.catalogue.domain.offering import Components, KnownNames
from services.catalogue.domain.offering import Offering as Checked
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingsChanged
from shared.kernel.clock import SteeredClock

NOON = datetime(2026, 3, 2, 4, tzinfo=UTC)
KNOWN = KnownNames(frozenset({"app", "wap"}), frozenset({"crbt", "mo_package"}), frozenset({"adult"}))


def asked(offering_id: str = "crbt", **changes: Any) -> Offering:
    """Return a sound simple offering."""
    values: dict[str, Any] = {
        "offering_id": offering_id,
        "name_zh": "彩铃",
        "name_en": "Ring-back tone",
        "product_class": "revenue",
        "category": "crbt",
    }
    return Offering(**(values | changes))


def checked(offering_id: str = "crbt", **changes: Any) -> Checked:
    """Return the same as the domain sees it."""
    return offering_of(asked(offering_id, **changes))


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in the code under test may catch it."""


@dataclass
class FakeStore:
    """Keeps offerings in memory, with whole-or-nothing units; `events` is the outbox, by key."""

    kept: dict[str, Stored] = field(default_factory=dict)
    events: dict[str, OfferingsChanged] = field(default_factory=dict)

    @contextmanager
    def unit(self) -> Iterator["FakeUnit"]:
        before = dict(self.kept), dict(self.events)
        try:
            yield FakeUnit(self)
        except BaseException:
            self.kept, self.events = before
            raise

    def get(self, offering_id: str) -> Offering | None:
        found = self.kept.get(offering_id)
        return found.offering if found else None

    def list(self, filters: OfferingFilters, limit: int) -> list[Offering]:
        found = [self.kept[name].offering for name in sorted(self.kept)]
        return [item for item in found if _matches(item, filters)][:limit]


def _matches(item: Offering, filters: OfferingFilters) -> bool:
    day = filters.valid_on
    return (
        filters.product_class in {None, item.product_class}
        and filters.category in {None, item.category}
        and filters.bundles in {None, bool(item.components)}
        and (day is None or item.valid_from is None or item.valid_from <= day)
        and (day is None or item.valid_to is None or day <= item.valid_to)
    )


@dataclass
class FakeUnit:
    """One transaction on the fake."""

    store: FakeStore

    def reachable(self, offering_ids: Sequence[str]) -> Components:
        assert offering_ids is not None
        return {name: tuple(item.offering.components) for name, item in self.store.kept.items()}

    def find(self, offering_ids: Sequence[str]) -> Mapping[str, Stored]:
        return {name: self.store.kept[name] for name in offering_ids if name in self.store.kept}

    def keep(self, changed: Sequence[Stored], *, at: datetime) -> None:
        assert at.tzinfo is not None
        self.store.kept |= {item.offering.offering_id: item for item in changed}

    def tell(self, event: OfferingsChanged, *, at: datetime, key: str) -> None:
        assert at.tzinfo is not None
        self.store.events.setdefault(key, event)


class FakeNames:
    """The names of KNOWN."""

    def current(self) -> KnownNames:
        return KNOWN


def use_cases(store: Any) -> UseCases:
    """Put the use cases over a store."""
    return UseCases(store, FakeNames(), SteeredClock(NOON))
