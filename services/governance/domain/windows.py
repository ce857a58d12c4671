"""Counting contacts in every interval of a length, and finding the next moment with room.

`points` are contacts in ascending order of `at`. Intervals are half-open, so two contacts exactly a span apart never
share one. A contact may stand in `points` twice (planned and made at different moments) and counts once.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from services.governance.domain.contacts import Contact


def most_in_any_window(points: Sequence[Contact], span: int, at: int) -> int:
    """Return the most contacts that any interval of length `span` which contains `at` holds."""
    near = [point for point in points if at - span < point.at < at + span]
    if len(near) < 2:  # noqa: PLR2004 - one contact is one contact, whatever the interval
        return len(near)
    starts = [point.at for point in near if point.at < at]
    inside: Counter[str] = Counter()
    most = left = right = 0
    for start in [*starts, at]:
        while right < len(near) and near[right].at < start + span:
            inside[near[right].contact_id] += 1
            right += 1
        while left < right and near[left].at < start:
            _drop(inside, near[left].contact_id)
            left += 1
        most = max(most, len(inside))
    return most


def earliest_with_room(points: Sequence[Contact], limit: int, span: int, at: int) -> int:
    """Return the first moment from `at` on at which one more contact keeps every interval within `limit` (>= 1)."""
    ahead = [point for point in points if point.at > at - span]  # others share no interval with `at` or a later moment
    if len({point.contact_id for point in ahead}) < limit:
        return at
    if limit == 1:
        for point in ahead:
            if point.at - span < at < point.at + span:
                at = point.at + span
        return at
    # `limit` contacts that fit into one interval, first at f and last at l, forbid exactly (l - span, f + span).
    for first, last in _full_stretches(ahead, limit):
        if last - first < span and last - span < at < first + span:
            at = first + span
    return at


def _full_stretches(points: Sequence[Contact], limit: int) -> Iterable[tuple[int, int]]:
    """Return, for each point, its moment and that of the point which makes `limit` different contacts from there on."""
    if len({point.contact_id for point in points}) == len(points):
        return [(first.at, last.at) for first, last in zip(points, points[limit - 1 :], strict=False)]
    return _stretches_of_different(points, limit)


def _stretches_of_different(points: Sequence[Contact], limit: int) -> Iterator[tuple[int, int]]:
    inside: Counter[str] = Counter()
    right = 0
    for point in points:
        while right < len(points) and len(inside) < limit:
            inside[points[right].contact_id] += 1
            right += 1
        if len(inside) < limit:
            return
        yield point.at, points[right - 1].at
        _drop(inside, point.contact_id)


def _drop(inside: Counter[str], contact_id: str) -> None:
    inside[contact_id] -= 1
    if not inside[contact_id]:
        del inside[contact_id]
