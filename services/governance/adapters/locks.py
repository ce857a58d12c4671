"""What a writing transaction locks before it reads anything; the argument is in docs/decisions/0004."""

from binascii import crc32
from collections.abc import Iterable
from itertools import repeat

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from services.governance.domain.checks import Bucket
from services.governance.domain.pseudonyms import lane_of

_RULES, _LISTS, _LANE, _BUCKET = 1, 2, 3, 4  # classes of advisory locks, taken in this order
_Key = tuple[int, int]

# Arrays are unnested in their order, so the locks are taken one after another as `keys_of` sorted them.
_TAKE = sa.text(
    "SELECT CASE WHEN shared THEN pg_advisory_xact_lock_shared(class, key) ELSE pg_advisory_xact_lock(class, key) END "
    "FROM unnest(CAST(:classes AS int[]), CAST(:keys AS int[]), CAST(:shares AS bool[])) AS wanted(class, key, shared)"
)


def keys_of(customers: Iterable[str], buckets: Iterable[Bucket], *, touches_lists: bool) -> list[_Key]:
    """Return the keys to lock, without repeats, in the one order that all transactions keep."""
    keys: set[_Key] = set(zip(repeat(_LANE), map(lane_of, customers)))
    keys.update((_BUCKET, crc32(f"{rule_id}/{start}".encode()) >> 1) for rule_id, start in buckets)
    if touches_lists:
        keys.add((_LISTS, 0))
    return sorted(keys)


def take(connection: Connection, keys: Iterable[_Key], *, alone: bool) -> None:
    """Take the locks until the transaction ends; `alone` shuts out every other writer. SQLite has one writer anyway."""
    if connection.dialect.name != "postgresql":
        return
    wanted = [(_RULES, 0, not alone), *((kind, key, False) for kind, key in keys)]
    classes, numbers, shares = (list(column) for column in zip(*wanted, strict=True))
    connection.execute(_TAKE, {"classes": classes, "keys": numbers, "shares": shares}).close()
