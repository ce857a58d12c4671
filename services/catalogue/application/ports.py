"""What the use cases need from outside."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from services.catalogue.domain.offering import Components, KnownNames
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingsChanged


@dataclass(frozen=True, slots=True)
class Stored:
    """An offering as it is kept; `revision` counts its changes from 1."""

    offering: Offering
    revision: int


class Unit(Protocol):
    """One write transaction: all of it is kept, or nothing. Writers take turns."""

    def reachable(self, offering_ids: Sequence[str]) -> Components:
        """Return these offerings and all their components, in turn, as far as they are stored."""
        ...

    def find(self, offering_ids: Sequence[str]) -> Mapping[str, Stored]:
        """Return those of these offerings that are stored."""
        ...

    def keep(self, changed: Sequence[Stored], *, at: datetime) -> None:
        """Write offerings, new or changed."""
        ...

    def tell(self, event: OfferingsChanged, *, at: datetime, key: str) -> None:
        """Put `offerings_changed` into the outbox; the same key is the same event."""
        ...


class Store(Protocol):
    """Where offerings are kept."""

    def unit(self) -> AbstractContextManager[Unit]:
        """Open a write transaction."""
        ...

    def get(self, offering_id: str) -> Offering | None:
        """Return one offering, or None."""
        ...

    def list(self, filters: OfferingFilters, limit: int) -> list[Offering]:
        """Return at most `limit` offerings that match, in ascending order of id."""
        ...


class Names(Protocol):
    """The rules in force, as far as offerings refer to them."""

    def current(self) -> KnownNames:
        """Return the names there are now."""
        ...
