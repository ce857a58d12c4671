"""Sets of whole numbers as sorted, separate spans: what is left of a fact's values after some tests."""

from collections.abc import Iterable

Spans = tuple[tuple[int, int], ...]
"""Spans with both ends included, in order, no two touching."""

NOTHING: Spans = ()


def span(low: int, high: int) -> Spans:
    """Return one span; nothing when it is the wrong way round."""
    return ((low, high),) if low <= high else NOTHING


def points(values: Iterable[int]) -> Spans:
    """Return single values."""
    return joined((value, value) for value in values)


def joined(spans: Iterable[tuple[int, int]]) -> Spans:
    """Return the union of any spans."""
    found: list[tuple[int, int]] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


def common(one: Spans, other: Spans) -> Spans:
    """Return what is in both."""
    found: list[tuple[int, int]] = []
    left = right = 0
    while left < len(one) and right < len(other):
        low, high = max(one[left][0], other[right][0]), min(one[left][1], other[right][1])
        if low <= high:
            found.append((low, high))
        if one[left][1] < other[right][1]:
            left += 1
        else:
            right += 1
    return tuple(found)


def without(whole: Spans, part: Spans) -> Spans:
    """Return what is in the first and not in the second."""
    return common(whole, _outside(part))


def _outside(part: Spans) -> Spans:
    found: list[tuple[int, int]] = []
    start = -_ENDLESS
    for low, high in part:
        if start < low:
            found.append((start, low - 1))
        start = high + 1
    found.append((start, _ENDLESS))
    return tuple(found)


_ENDLESS = 10**18  # beyond every value a fact can have
