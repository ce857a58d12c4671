"""Cells: who gets what is drawn by a salted hash, before any cap, the same in every process and at every time."""

import hashlib
from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate

from services.campaigns.domain.plan import Cell

_SEPARATOR = b"\x1f"


class Draw:
    """Draws numbers for subscribers; equal to `shared.kernel.identity.unit_interval(*salt, customer_id)`, but faster.

    A base has millions of subscribers and the salt is the same for all, so it is hashed once.
    """

    def __init__(self, *salt: str) -> None:
        self._hash = hashlib.blake2b("\x1f".join(salt).encode() + _SEPARATOR, digest_size=8)

    def number(self, customer_id: str) -> int:
        """Return a uniform whole number below 2**53."""
        salted = self._hash.copy()
        salted.update(customer_id.encode())
        return int.from_bytes(salted.digest(), "big") >> 11

    def share(self, customer_id: str) -> float:
        """Return a uniform number in [0, 1)."""
        return self.number(customer_id) / (1 << 53)


class Assignment:
    """Assigns the subscribers of one phase to cells, by their shares."""

    def __init__(self, campaign_id: str, phase: str, cells: Sequence[Cell]) -> None:
        self._cells = tuple(each for each in cells if each.share > 0)
        self._upto = list(accumulate(each.share for each in self._cells))[:-1]  # the last one takes what is left
        self._draw = Draw("cell", campaign_id, phase)

    def cell_of(self, customer_id: str) -> Cell:
        """Return the subscriber's cell."""
        return self._cells[bisect_right(self._upto, self._draw.share(customer_id))]
