"""Checks that count: rolling and calendar limits per subscriber, capacity of the whole operator."""

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from services.governance.domain.calendar import span_of, zone_named
from services.governance.domain.checks import Bucket, Check, Standing
from services.governance.domain.contacts import Contact
from services.governance.domain.policies import CalendarLimit, CapacityLimit, RollingLimit
from services.governance.domain.windows import earliest_with_room, most_in_any_window

_MOST_BUCKETS = 10_000  # more than a year of hours: beyond it nobody plans
_FIELD = {
    "customer": None,
    "customer_channel": Contact._fields.index("channel"),
    "customer_category": Contact._fields.index("category"),
    "customer_campaign": Contact._fields.index("campaign_id"),
    "customer_purpose": Contact._fields.index("purpose"),
    "offering": Contact._fields.index("offering_id"),
    "similar_campaign": None,
}


@dataclass(slots=True)
class _SubscriberLimit(Check):
    """What rolling and calendar limits share: which of the subscriber's contacts count."""

    def _points(self, asked: Contact, standing: Standing) -> list[Contact]:
        known = standing.counted(asked)
        points = known.get(self.bit)
        if points is None:
            points = known[self.bit] = self._count(asked, standing)
        return points

    def _count(self, asked: Contact, standing: Standing) -> list[Contact]:
        bit = self.bit
        points = self._together(asked, [contact for contact, mask in standing.points if mask & bit])
        if points and not self.is_permanent:
            start, end = self.validity(asked.zone)
            points = [point for point in points if start <= point.at < end]
        return points

    @abstractmethod
    def _field(self) -> int | None: ...

    def _together(self, asked: Contact, points: list[Contact]) -> list[Contact]:
        """Return the contacts that count together with the one asked for."""
        name = self._field()
        return points if name is None else [point for point in points if point[name] == asked[name]]


@dataclass(slots=True)
class RollingCheck(_SubscriberLimit):
    """Frequency caps over a rolling window, spacing, no-repeat of an offering or of a similar campaign."""

    policy: RollingLimit
    limit: int = field(init=False)
    name: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.limit, self.name = self.policy.limit, _FIELD[self.policy.per]

    def used(self, asked: Contact, standing: Standing, at: int) -> int:
        """Return the most contacts that an interval of the span around `at` holds."""
        points = self._points(asked, standing)
        return most_in_any_window(points, self.policy.span, at) if points else 0

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the first moment with room in every interval."""
        if self.limit < 1:
            return None
        return earliest_with_room(self._points(asked, standing), self.limit, self.policy.span, at)

    def _field(self) -> int | None:
        return self.name

    def _together(self, asked: Contact, points: list[Contact]) -> list[Contact]:
        if self.policy.per != "similar_campaign":
            return super(RollingCheck, self)._together(asked, points)
        mine, named = asked.campaign_id, frozenset(asked.similar_to)
        return [  # a campaign's own follow-ups are not repeats, whatever it names
            point
            for point in points
            if point.campaign_id != mine and (point.campaign_id in named or mine in point.similar_to)
        ]


@dataclass(slots=True)
class CalendarCheck(_SubscriberLimit):
    """Frequency caps over calendar units, in the zone of the request and in those of the contacts that stand."""

    policy: CalendarLimit
    limit: int = field(init=False)
    name: int | None = field(init=False)

    def __post_init__(self) -> None:
        self.limit, self.name = self.policy.limit, _FIELD[self.policy.per]

    def used(self, asked: Contact, standing: Standing, at: int) -> int:
        """Return the contacts in the calendar unit that holds `at`; the fullest one if zones differ."""
        points = self._points(asked, standing)
        return max((count for count, _ in self._filled(points, asked, at)), default=0) if points else 0

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the start of the first unit with room."""
        if self.limit < 1:
            return None
        points = self._points(asked, standing)
        if len({point.contact_id for point in points}) < self.limit:
            return at
        while full := [end for count, end in self._filled(points, asked, at) if count >= self.limit]:
            if max(full) <= at:  # a calendar nobody has seen yet, whose units do not follow one another
                return None
            at = max(full)
        return at

    def _filled(self, points: Sequence[Contact], asked: Contact, at: int) -> list[tuple[int, int]]:
        # A contact made although its zone is unknown stands here, too; nobody knows its calendar.
        zones = {point.zone for point in points if zone_named(point.zone) is not None} - {asked.zone}
        filled = []
        for zone in (asked.zone, *zones):
            start, end = span_of(self.policy.unit, zone, at)
            inside = [point for point in points if start <= point.at < end]
            # Another zone's unit is somebody's only if a contact planned in that zone lies in it.
            if zone == asked.zone or any(point.zone == zone for point in inside):
                filled.append((len({point.contact_id for point in inside}), end))
        return filled

    def _field(self) -> int | None:
        return self.name


@dataclass(slots=True)
class CapacityCheck(Check):
    """What the whole operator can do in an hour or a day."""

    policy: CapacityLimit
    limit: int = field(init=False)

    def __post_init__(self) -> None:
        self.limit = self.policy.limit

    def bucket(self, at: int) -> Bucket:
        """Return the counter that a contact at `at` falls on."""
        return self.policy.rule_id, span_of(self.policy.unit, self.policy.zone, at)[0]

    def used(self, asked: Contact, standing: Standing, at: int) -> int:  # noqa: ARG002 - the operator's, not the subscriber's
        """Return the operator's contacts in the hour or day."""
        return standing.capacity.get(self.bucket(at), 0)

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the start of the first hour or day with room."""
        for _ in range(_MOST_BUCKETS if self.limit > 0 else 0):
            if self.used(asked, standing, at) < self.limit:
                return at
            at = span_of(self.policy.unit, self.policy.zone, at)[1]
        return None
