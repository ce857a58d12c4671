"""Offerings in a database: PostgreSQL or SQLite."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime

import msgspec
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.catalogue.adapters.tables import offering, outbox
from services.catalogue.application.ports import Stored
from services.catalogue.domain.offering import Components
from shared.contracts.catalogue import Offering, OfferingFilters, OfferingsChanged
from shared.persistence.bulk import Row, upsert_rows
from shared.persistence.database import Database, in_keys

_COLUMNS = offering.c


class SqlStore:
    """Keeps offerings in this service's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @contextmanager
    def unit(self) -> Iterator["SqlUnit"]:
        """Open a write transaction; writers take turns, or two of them could close a circle of bundles together."""
        with self._database.write() as connection:
            if connection.dialect.name == "postgresql":
                connection.execute(sa.text("LOCK TABLE offering IN SHARE ROW EXCLUSIVE MODE"))
            yield SqlUnit(connection)

    def get(self, offering_id: str) -> Offering | None:
        """Return one offering, or None."""
        query = sa.select(_COLUMNS.document).where(_COLUMNS.offering_id == offering_id)
        with self._database.read() as connection:
            found = connection.scalar(query)
        return None if found is None else msgspec.convert(found, Offering)

    def list(self, filters: OfferingFilters, limit: int) -> list[Offering]:
        """Return at most `limit` offerings that match, in ascending order of id."""
        query = sa.select(_COLUMNS.document).order_by(_COLUMNS.offering_id).limit(limit)
        with self._database.read() as connection:
            found = connection.scalars(query.where(*_conditions(filters)))
            return [msgspec.convert(document, Offering) for document in found]


class SqlUnit:
    """One write transaction on the offerings."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def reachable(self, offering_ids: Sequence[str]) -> Components:
        """Return these offerings and all their components, in turn: one query for each level of bundles."""
        found: dict[str, tuple[str, ...]] = {}
        wanted = {name for name in offering_ids if "\x00" not in name}
        while wanted:
            query = sa.select(_COLUMNS.offering_id, _COLUMNS.components)
            rows = self._connection.execute(query.where(in_keys(_COLUMNS.offering_id, sorted(wanted))))
            level = {row.offering_id: tuple(row.components) for row in rows}
            found |= level
            wanted = {name for components in level.values() for name in components} - found.keys()
        return found

    def find(self, offering_ids: Sequence[str]) -> Mapping[str, Stored]:
        """Return those of these offerings that are stored."""
        query = sa.select(_COLUMNS.offering_id, _COLUMNS.document, _COLUMNS.revision)
        rows = self._connection.execute(query.where(in_keys(_COLUMNS.offering_id, offering_ids)))
        return {row.offering_id: Stored(msgspec.convert(row.document, Offering), row.revision) for row in rows}

    def keep(self, changed: Sequence[Stored], *, at: datetime) -> None:
        """Write offerings, new or changed."""
        upsert_rows(self._connection, offering, [_row(item, at) for item in changed])

    def tell(self, event: OfferingsChanged, *, at: datetime, key: str) -> None:
        """Put `offerings_changed` into the outbox."""
        outbox.add(self._connection, "offerings_changed", event, at=at, key=key)


def _row(item: Stored, at: datetime) -> Row:
    kept = item.offering
    return {
        "offering_id": kept.offering_id,
        "product_class": kept.product_class,
        "category": kept.category,
        "is_bundle": bool(kept.components),
        "valid_from": kept.valid_from,
        "valid_to": kept.valid_to,
        "components": kept.components,
        "document": kept,
        "revision": item.revision,
        "changed_at": at,
    }


def _conditions(filters: OfferingFilters) -> Iterator[sa.ColumnElement[bool]]:
    if filters.product_class is not None:
        yield _COLUMNS.product_class == filters.product_class
    if filters.category is not None:
        yield _COLUMNS.category == filters.category
    if filters.bundles is not None:
        yield _COLUMNS.is_bundle.is_(filters.bundles)
    if filters.valid_on is not None:
        yield _COLUMNS.valid_from.is_(None) | (_COLUMNS.valid_from <= filters.valid_on)
        yield _COLUMNS.valid_to.is_(None) | (_COLUMNS.valid_to >= filters.valid_on)
