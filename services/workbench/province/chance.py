"""Chance that depends on (seed, topic, number) alone, and quick tables that turn it into values."""

import hashlib
import struct
from bisect import bisect_right
from itertools import accumulate
from statistics import NormalDist
from typing import TypeVar

from services.workbench.province.margins import Knots

T = TypeVar("T")

_STANDARD = NormalDist()
_DRAWS = struct.Struct("<32H")
_STEPS = 256  # entries per unit of normal score
_REACH = 7  # scores beyond are as good as certain; a weighted sum of four tabled scores stays inside

TOP = 1 << 16
"""Draws are whole numbers from 0 to TOP - 1."""

SCORES: tuple[float, ...] = tuple(_STANDARD.inv_cdf((step + 0.5) / 4096) for step in range(4096))
"""Normal score of a draw: `SCORES[draw >> 4]`."""


def draws(seed: int, topic: bytes, number: int) -> tuple[int, ...]:
    """Return 32 independent draws for one subscriber and topic; a topic is at most 16 bytes long."""
    key = b"%d:%d" % (seed, number)
    return _DRAWS.unpack(hashlib.blake2b(key, digest_size=64, person=topic).digest())


def quantile(knots: Knots, probability: float) -> float:
    """Return the value at `probability` on the straight lines through `knots`."""
    right = min(bisect_right(knots, probability, key=lambda knot: knot[0]), len(knots) - 1)
    (left_p, left_value), (right_p, right_value) = knots[right - 1], knots[right]
    if right_p == left_p:
        return right_value
    return left_value + (right_value - left_value) * min(1.0, (probability - left_p) / (right_p - left_p))


def score_table(knots: Knots, scale: int = 1) -> tuple[int, ...]:
    """Return whole values by normal score, times `scale` (100 turns yuan into fen); read it with `at`."""
    size = 2 * _REACH * _STEPS
    return tuple(
        round(quantile(knots, _STANDARD.cdf((entry + 0.5) / _STEPS - _REACH)) * scale) for entry in range(size)
    )


def at(score: float) -> int:
    """Return where a normal score stands in a score table."""
    return int((score + _REACH) * _STEPS)


def threshold(share: float) -> int:
    """Return the whole number below which a draw falls with probability `share`."""
    return round(share * TOP)


def wheel(shares: tuple[tuple[T, float], ...]) -> tuple[T, ...]:
    """Return 256 entries in which each value has its share; read it with `wheel[draw >> 8]`."""
    total = sum(share for _, share in shares)
    ends = list(accumulate(share / total for _, share in shares))
    return tuple(shares[min(bisect_right(ends, (slot + 0.5) / 256), len(shares) - 1)][0] for slot in range(256))
