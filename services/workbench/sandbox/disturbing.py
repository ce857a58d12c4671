"""What goes wrong on the way from BOSS: records told twice, out of order, late, or malformed; drawn by seed."""

import random
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

import msgspec

from services.workbench.sandbox.behaviour import Share
from services.workbench.sandbox.records import Kind, Record

WINDOW = 1_000
"""So many records are in memory; a record comes at most so many places from its own."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """How a stream of records is disturbed."""

    twice: Share = 0
    """Of records: told again later."""
    is_shuffled: bool = False
    malformed: Share = 0
    late_seconds: float = 0
    """Of events: their instants lie up to so long in the past."""
    seed: int = 0


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """One record on its way; `is_request_fault` marks one that spoils the whole request it is in."""

    record: Record
    is_repeated: bool = False
    is_malformed: bool = False
    is_request_fault: bool = False


def disturbed(kind: Kind, records: Iterable[Record], trouble: Trouble) -> Iterator[Item]:
    """Yield the records with everything that is to go wrong."""
    chance = random.Random(f"{trouble.seed}:{kind}:trouble")  # noqa: S311 - trouble that can be had again
    waiting: list[Item] = []
    for record in records:
        item = _spoilt(kind, _aged(record, trouble, chance), trouble, chance)
        waiting.append(item)
        if chance.random() < trouble.twice:
            again = msgspec.structs.replace(item, is_repeated=True)
            waiting.insert(chance.randint(len(waiting) // 2, len(waiting)), again)
        if len(waiting) >= WINDOW:
            yield waiting.pop(_next(waiting, trouble, chance))
    while waiting:
        yield waiting.pop(_next(waiting, trouble, chance))


def _next(waiting: list[Item], trouble: Trouble, chance: random.Random) -> int:
    return chance.randrange(len(waiting)) if trouble.is_shuffled else 0


def _aged(record: Record, trouble: Trouble, chance: random.Random) -> Record:
    if not trouble.late_seconds or "at" not in record:
        return record
    at = datetime.fromisoformat(record["at"]) - timedelta(seconds=trouble.late_seconds * chance.random())
    return record | {"at": at.isoformat()}


def _spoilt(kind: Kind, record: Record, trouble: Trouble, chance: random.Random) -> Item:
    if chance.random() >= trouble.malformed:
        return Item(record=record)
    is_request_fault, spoil = chance.choice(_WAYS[kind])
    return Item(record=record | spoil(record), is_malformed=True, is_request_fault=is_request_fault)


Spoil = Callable[[Record], dict[str, Any]]
_WAYS: dict[Kind, tuple[tuple[bool, Spoil], ...]] = {
    "customers": (
        (False, lambda record: {"facts": record["facts"] | {"favourite_colour": "green"}}),
        (False, lambda record: {"facts": record["facts"] | {"age": "forty"}}),
        (False, lambda _: {"customer_id": "two words"}),
        (True, lambda _: {"facts": None}),
    ),
    "events": (
        (False, lambda _: {"type": "quota_pased"}),
        (False, lambda record: {"at": record["at"].rsplit("+", 1)[0]}),
        (False, lambda record: {"attributes": record["attributes"] | {"colour": "green"}}),
        (False, lambda _: {"customer_id": "nobody"}),
        (True, lambda _: {"at": "yesterday"}),
    ),
    "orders": (
        (False, lambda _: {"products": ["no_such_product"]}),
        (False, lambda _: {"customer_id": "nobody"}),
        (True, lambda _: {"products": "crbt"}),
    ),
}
"""Ways of spoiling a record: whether the whole request is refused for it, and what changes."""
