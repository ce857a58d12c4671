"""A policy made ready: how much of it is used at a moment, and the first moment at which it permits."""

from abc import ABC, abstractmethod
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field

from services.governance.domain.calendar import END_OF_TIME, midnight, span_of
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark, Situation
from services.governance.domain.policies import Policy

FOREVER = 1 << 62
Bucket = tuple[str, int]
"""A counter of the whole operator: rule id, start of the hour or day."""


@dataclass(slots=True)
class Standing:
    """One subscriber while a batch is judged; `points` are live contacts by moment, each with its policies as bits."""

    points: list[tuple[Contact, int]]
    lists: Sequence[ListMark]
    outcomes: Sequence[OutcomeMark]
    capacity: MutableMapping[Bucket, int]
    overrides: Sequence[OverrideMark] = ()
    counters: tuple[int | None, ...] | None = None
    """Of the one request for this subscriber, where the store has counted for it; capacity is not filled in."""
    _counted: dict[int, list[Contact]] = field(default_factory=dict)
    _counted_for: Contact | None = None

    def counted(self, asked: Contact) -> dict[int, list[Contact]]:
        """Return what is known already of the contacts that count together with this request, by a policy's bit.

        A request is held against the same contacts at many moments while the next permitted one is looked for; the
        points do not change meanwhile.
        """
        if self._counted_for is not asked:
            self._counted, self._counted_for = {}, asked
        return self._counted

    @classmethod
    def of(
        cls, situation: Situation, mask: Callable[[Contact], int], capacity: MutableMapping[Bucket, int]
    ) -> "Standing":
        """Return the standing at the beginning of a batch."""
        points = [(contact, mask(contact)) for contact in sorted(situation.contacts, key=_moment)]
        return cls(points, situation.lists, situation.outcomes, capacity, situation.overrides)


def _moment(contact: Contact) -> int:
    return contact.at


@dataclass(slots=True)
class Check(ABC):
    """A policy made ready. `bit` marks, in a contact's mask, that the policy's scope covers it."""

    bit: int
    is_permanent: bool
    """Whether the policy is in force on every day."""
    limit = 0
    """For limits: the most contacts; other policies have no counter."""

    @property
    @abstractmethod
    def policy(self) -> Policy:
        """The policy itself."""

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
        last = None if policy.valid_to is None else midnight(policy.valid_to, zone)
        return start, FOREVER if last is None or last >= END_OF_TIME else span_of("day", zone, last)[1]

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
