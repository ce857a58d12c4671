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

# Arrays are unnested in their order, so the locks are taken one after another as `keys_of` sorted them. The server's
# clock is read when all are held. Nobody waits for one lock longer than `wait`: the transaction is given up then.
_TAKE = sa.text(
    "SELECT count(CASE WHEN shared THEN pg_advisory_xact_lock_shared(class, key) "
    "ELSE pg_advisory_xact_lock(class, key) END), CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint) "
    "FROM (SELECT set_config('lock_timeout', :wait, true)) AS bounded, "
    "unnest(CAST(:classes AS int[]), CAST(:keys AS int[]), CAST(:shares AS bool[])) AS wanted(class, key, shared)"
)
LONGEST_WAIT = 20.0
"""Seconds. Below what callers wait for an answer, so that they hear why there is none."""


def keys_of(customers: Iterable[str], buckets: Iterable[Bucket], *, touches_lists: bool) -> list[_Key]:
    """Return the keys to lock, without repeats, in the one order that all transactions keep."""
    keys: set[_Key] = set(zip(repeat(_LANE), map(lane_of, customers)))
    keys.update((_BUCKET, crc32(f"{rule_id}/{start}".encode()) >> 1) for rule_id, start in buckets)
    if touches_lists:
        keys.add((_LISTS, 0))
    return sorted(keys)


def take(connection: Connection, keys: Iterable[_Key], *, alone: bool, wait: float = LONGEST_WAIT) -> int | None:
    """Take the locks until the transaction ends; `alone` shuts out every other writer.

    Returns the moment (microseconds) at which all were held, by the server's clock; None on SQLite, which has one
    writer and no clock of its own.
    """
    if connection.dialect.name != "postgresql":
        return None
    wanted = [(_RULES, 0, not alone), *((kind, key, False) for kind, key in keys)]
    classes, numbers, shares = (list(column) for column in zip(*wanted, strict=True))
    asked = {"classes": classes, "keys": numbers, "shares": shares, "wait": f"{round(wait * 1000)}ms"}
    return int(connection.execute(_TAKE, asked).one()[1])
