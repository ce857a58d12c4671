"""Putting a batch of partial records together: later ones win, fact by fact."""

from collections.abc import Iterable, Mapping
from typing import TypeVar

FactT = TypeVar("FactT")

LONGEST_ID = 64
"""Letters of a subscriber's id."""


def merged(records: Iterable[tuple[str, Mapping[str, FactT]]]) -> dict[str, dict[str, FactT]]:
    """Return one set of facts per subscriber, as if the records had been applied one after the other."""
    result: dict[str, dict[str, FactT]] = {}
    for customer_id, facts in records:
        result.setdefault(customer_id, {}).update(facts)
    return result


def with_products(held: Iterable[str] | None, added: Iterable[str]) -> frozenset[str]:
    """Return the products held after a fulfilment; where nobody knew what was held, those added are known to be."""
    return frozenset(held or ()) | frozenset(added)


def is_customer_id(text: str) -> bool:
    """Tell whether a text can be a subscriber's id: 1 to 64 printable characters, no blanks."""
    return 0 < len(text) <= LONGEST_ID and text.isprintable() and " " not in text
