"""All policies of one rule set, made ready once: which of them concern a contact is looked up, not worked out again."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.governance.domain.checks import Check
from services.governance.domain.contacts import Contact
from services.governance.domain.instants import DAY
from services.governance.domain.limits import CalendarCheck, CapacityCheck, RollingCheck
from services.governance.domain.policies import (
    CalendarLimit,
    CapacityLimit,
    CoolingOff,
    ListEffect,
    Policy,
    QuietHours,
    RollingLimit,
    Scope,
)
from services.governance.domain.restraints import CoolingCheck, ListCheck, QuietCheck

_REMEMBERED = 20_000
_CALENDAR_REACH = 33 * DAY  # a month, and a clock change
_Signature = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class Plan:
    """The checks that concern one kind of contact, by what they need to look at."""

    mask: int
    limits: tuple[tuple[int, Check], ...]
    """Rolling and calendar limits with the place of their counter."""
    capacity: tuple[tuple[int, CapacityCheck], ...]
    quiet: tuple[Check, ...]
    lists: tuple[ListCheck, ...]
    cooling: tuple[Check, ...]
    all: tuple[Check, ...]
    unused: tuple[int | None, ...]
    """Counters of a subscriber whom nobody contacted; None where a limit does not concern the contact."""
    is_forbidden: bool
    """Whether a limit of none is among them, so that even a subscriber without history must be checked."""


class PolicySet:
    """Policies in force under one version of the rule set; immutable but for what it remembers."""

    def __init__(self, version: str, policies: Sequence[Policy]) -> None:
        self.version = version
        self.checks = tuple(_check_of(policy, 1 << number) for number, policy in enumerate(policies))
        self.limits = tuple(c for c in self.checks if isinstance(c, (RollingCheck, CalendarCheck, CapacityCheck)))
        self.capacity = tuple(c for c in self.checks if isinstance(c, CapacityCheck))
        self.lists = tuple(c for c in self.checks if isinstance(c, ListCheck))
        self.has_overridable = any(check.policy.is_overridable for check in self.lists)
        self.cooling = tuple(c for c in self.checks if isinstance(c, CoolingCheck))
        self.has_permanent = any(check.is_permanent for check in self.checks)
        self._covering = [(check.bit, _tests(check.policy.scope)) for check in self.checks]
        self._masks: dict[_Signature, int] = {}
        self._plans: dict[int, Plan] = {}

    @property
    def reach(self) -> int:
        """How far before a contact the policies look at other contacts, in microseconds."""
        calendar = [_CALENDAR_REACH for check in self.limits if isinstance(check, CalendarCheck)]
        return max([self.rolling_reach, *calendar])

    @property
    def rolling_reach(self) -> int:
        """The longest rolling window, spacing or no-repeat, in microseconds."""
        return max((check.policy.span for check in self.limits if isinstance(check, RollingCheck)), default=0)

    @property
    def outcome_reach(self) -> int:
        """How far before a contact the policies look at outcomes, in microseconds."""
        return max((check.policy.span for check in self.cooling), default=0)

    @property
    def outcomes(self) -> frozenset[str]:
        """The outcomes that any policy asks about."""
        return frozenset().union(*(check.policy.after for check in self.cooling))

    def mask(self, contact: Contact) -> int:
        """Return the bits of the policies whose scope covers the contact."""
        signature = contact.channel, contact.direction, contact.purpose, contact.category, contact.campaign_id
        found = self._masks.get(signature)
        if found is None:
            if len(self._masks) >= _REMEMBERED:
                self._masks.clear()
            found = sum(bit for bit, tests in self._covering if all(contact[i] in allowed for i, allowed in tests))
            self._masks[signature] = found
        return found

    def plan(self, contact: Contact) -> Plan:
        """Return the checks that concern the contact."""
        mask = self.mask(contact)
        found = self._plans.get(mask)
        if found is None:
            found = self._plans[mask] = self._plan(mask)
        return found

    def is_in_force(self, zone: str, at: int) -> bool:
        """Tell whether at least one policy is in force at a moment: without any nothing is permitted."""
        return self.has_permanent or any(check.in_force(zone, at) for check in self.checks)

    def _plan(self, mask: int) -> Plan:
        concerned = tuple(check for check in self.checks if check.bit & mask)
        limits = [(place, check) for place, check in enumerate(self.limits) if check.bit & mask]
        return Plan(
            mask=mask,
            limits=tuple((place, check) for place, check in limits if not isinstance(check, CapacityCheck)),
            capacity=tuple((place, check) for place, check in limits if isinstance(check, CapacityCheck)),
            quiet=tuple(check for check in concerned if isinstance(check, QuietCheck)),
            lists=tuple(check for check in concerned if isinstance(check, ListCheck)),
            cooling=tuple(check for check in concerned if isinstance(check, CoolingCheck)),
            all=concerned,
            unused=tuple(0 if check.bit & mask else None for check in self.limits),
            is_forbidden=any(check.limit < 1 for _, check in limits),
        )


def _tests(scope: Scope) -> tuple[tuple[int, frozenset[str]], ...]:
    tests = {
        "direction": scope.directions,
        "purpose": scope.purposes,
        "channel": scope.channels,
        "category": scope.categories,
        "campaign_id": scope.campaigns,
    }
    return tuple((Contact._fields.index(name), allowed) for name, allowed in tests.items() if allowed)


def _check_of(policy: Policy, bit: int) -> Check:
    """Return the check for a policy; raises TypeError for a kind nobody can judge, so that it is not ignored."""
    for kind, check in _CHECKS.items():
        if isinstance(policy, kind):
            return check(bit, policy.valid_from is None and policy.valid_to is None, policy)
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
