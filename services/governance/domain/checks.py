"""One check per policy: how much of a limit is used at a moment, and the first moment at which the policy permits."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field

from services.governance.domain.calendar import local_time, midnight, span_of
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, Situation
from services.governance.domain.instants import MINUTE
from services.governance.domain.policies import (
    CalendarLimit,
    CapacityLimit,
    CoolingOff,
    ListEffect,
    Policy,
    QuietHours,
    RollingLimit,
)
from services.governance.domain.quiet import quiet_until
from services.governance.domain.windows import earliest_with_room, most_in_any_window

FOREVER = 1 << 62
_MOST_BUCKETS = 10_000  # more than a year of hours: beyond it nobody plans
_REMEMBERED = 50_000
Bucket = tuple[str, int]  # (rule id, start of the hour or day)
_FIELD = {
    "customer": None,
    "customer_channel": Contact._fields.index("channel"),
    "customer_category": Contact._fields.index("category"),
    "customer_campaign": Contact._fields.index("campaign_id"),
    "customer_purpose": Contact._fields.index("purpose"),
    "offering": Contact._fields.index("offering_id"),
}


@dataclass(slots=True)
class Standing:
    """One subscriber while a batch is judged; `points` are live contacts by moment, each with its policies as bits."""

    points: list[tuple[Contact, int]]
    lists: Sequence[ListMark]
    outcomes: Sequence[OutcomeMark]
    capacity: MutableMapping[Bucket, int]

    @classmethod
    def of(
        cls, situation: Situation, mask: Callable[[Contact], int], capacity: MutableMapping[Bucket, int]
    ) -> "Standing":
        """Return the standing at the beginning of a batch."""
        points = [(contact, mask(contact)) for contact in sorted(situation.contacts, key=_moment)]
        return cls(points, situation.lists, situation.outcomes, capacity)


def _moment(contact: Contact) -> int:
    return contact.at


@dataclass(slots=True)
class Check(ABC):
    """A policy made ready. `bit` marks, in a contact's mask, that the policy's scope covers it."""

    bit: int
    limit = 0
    """For limits: the most contacts; other policies have no counter."""

    @property
    @abstractmethod
    def policy(self) -> Policy:
        """The policy itself."""

    @property
    def is_permanent(self) -> bool:
        """Whether the policy is in force on every day."""
        return self.policy.valid_from is None and self.policy.valid_to is None

    @abstractmethod
    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the first moment from `at` on that the policy permits, were it always in force; None is never."""

    def used(self, asked: Contact, standing: Standing, at: int) -> int:  # noqa: ARG002 - most policies count nothing
        """Return how many live contacts stand in the fullest window around `at`."""
        return 0

    def in_force(self, zone: str, at: int) -> bool:
        """Tell whether the policy governs a contact at that moment."""
        if self.is_permanent:
            return True
        start, end = self.validity(zone)
        return start <= at < end

    def validity(self, zone: str) -> tuple[int, int]:
        """Return [start, end) of the days on which the policy is in force, in the subscriber's zone."""
        policy = self.policy
        start = -FOREVER if policy.valid_from is None else midnight(policy.valid_from, zone)
        end = FOREVER if policy.valid_to is None else span_of("day", zone, midnight(policy.valid_to, zone))[1]
        return start, end

    def earliest(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the first moment from `at` on that the policy permits, days out of force included; None is never."""
        if self.is_permanent:
            return self.first_permitted(asked, standing, at)
        start, end = self.validity(asked.zone)
        if not start <= at < end:
            return at
        found = self.first_permitted(asked, standing, at)
        if end != FOREVER and (found is None or found > end):
            return end
        return found


@dataclass(slots=True)
class _SubscriberLimit(Check):
    """What rolling and calendar limits share: which of the subscriber's contacts count."""

    def _points(self, asked: Contact, standing: Standing) -> list[Contact]:
        bit, name = self.bit, self._field()
        if name is None:
            points = [contact for contact, mask in standing.points if mask & bit]
        else:
            wanted = asked[name]
            points = [contact for contact, mask in standing.points if mask & bit and contact[name] == wanted]
        if points and not self.is_permanent:
            start, end = self.validity(asked.zone)
            points = [point for point in points if start <= point.at < end]
        return points

    @abstractmethod
    def _field(self) -> int | None: ...


@dataclass(slots=True)
class RollingCheck(_SubscriberLimit):
    """Frequency caps over a rolling window, spacing, no-repeat."""

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
        while full := [end for count, end in self._filled(points, asked, at) if count >= self.limit]:
            at = max(full)
        return at

    def _filled(self, points: Sequence[Contact], asked: Contact, at: int) -> list[tuple[int, int]]:
        zones = {asked.zone, *(point.zone for point in points)}
        spans = [span_of(self.policy.unit, zone, at) for zone in zones]
        return [(len({point.contact_id for point in points if start <= point.at < end}), end) for start, end in spans]

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


@dataclass(slots=True)
class QuietCheck(Check):
    """Hours in which nobody is disturbed."""

    policy: QuietHours
    known: dict[tuple[str, int], int | None] = field(default_factory=dict)

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:  # noqa: ARG002
        """Return the end of the span that holds `at`, or `at`."""
        key = (asked.zone, at // MINUTE)  # spans begin and end on whole minutes
        if key in self.known:
            end = self.known[key]
        else:
            if len(self.known) >= _REMEMBERED:
                self.known.clear()
            end = self.known[key] = quiet_until(self.policy, local_time(asked.zone, at))
        return at if end is None else end


@dataclass(slots=True)
class CoolingCheck(Check):
    """Leave alone who refused."""

    policy: CoolingOff

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the end of the longest cooling-off that holds `at`, or `at`."""
        ends = [mark.at + self.policy.span for mark in standing.outcomes if self._concerns(mark, asked)]
        return max([at, *ends])

    def _concerns(self, mark: OutcomeMark, asked: Contact) -> bool:
        if mark.outcome not in self.policy.after:
            return False
        same: Mapping[str, tuple[str | None, str]] = {
            "category": (mark.category, asked.category),
            "campaign": (mark.campaign_id, asked.campaign_id),
            "offering": (mark.offering_id, asked.offering_id),
            "any": (None, ""),
        }
        known, wanted = same[self.policy.same]
        return known is None or known == wanted


@dataclass(slots=True)
class ListCheck(Check):
    """Who is on a list."""

    policy: ListEffect

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:
        """Return the end of the entries that hold `at`; None when one has no end."""
        while (mark := self.entry(asked, standing, at)) is not None:
            if mark.ends_at is None:
                return None
            at = mark.ends_at
        return at

    def entry(self, asked: Contact, standing: Standing, at: int) -> ListMark | None:
        """Return an entry in force at `at` that concerns the contact."""
        for mark in standing.lists:
            if (
                mark.list_name == self.policy.list_name
                and (mark.starts_at is None or mark.starts_at <= at)
                and (mark.ends_at is None or at < mark.ends_at)
                and (mark.channel is None or mark.channel == asked.channel)
                and (mark.category is None or mark.category == asked.category)
            ):
                return mark
        return None


def check_of(policy: Policy, bit: int) -> Check:
    """Return the check for a policy; raises TypeError for a kind nobody can judge, so that it is not ignored."""
    for kind, check in _CHECKS.items():
        if isinstance(policy, kind):
            return check(bit, policy)
    msg = f"no check for {type(policy).__name__} ({policy.rule_id})"
    raise TypeError(msg)


_CHECKS: Mapping[type[Policy], Callable[..., Check]] = {
    RollingLimit: RollingCheck,
    CalendarLimit: CalendarCheck,
    CapacityLimit: CapacityCheck,
    QuietHours: QuietCheck,
    CoolingOff: CoolingCheck,
    ListEffect: ListCheck,
}
