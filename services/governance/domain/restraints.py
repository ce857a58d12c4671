"""Checks that do not count: quiet hours, cooling-off, lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.governance.domain.calendar import local_time
from services.governance.domain.checks import Check, Standing
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark
from services.governance.domain.instants import MINUTE
from services.governance.domain.policies import CoolingOff, ListEffect, QuietHours
from services.governance.domain.quiet import quiet_until

_REMEMBERED = 50_000


@dataclass(slots=True)
class QuietCheck(Check):
    """Hours in which nobody is disturbed."""

    policy: QuietHours
    known: dict[tuple[str, int], int | None] = field(default_factory=dict)

    def first_permitted(self, asked: Contact, standing: Standing, at: int) -> int | None:  # noqa: ARG002 - the signature all restraints share
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
        """Return the first moment that no entry holds, or that an override lifts; None when neither ever comes."""
        while (mark := self.entry(asked, standing, at)) is not None and self.override(asked, standing, at) is None:
            later = [one.starts_at for one in standing.overrides if self._lifts(one, asked) and at < one.starts_at]
            if mark.ends_at is not None:
                later.append(mark.ends_at)
            if not later:
                return None
            at = min(later)
        return at

    def override(self, asked: Contact, standing: Standing, at: int) -> OverrideMark | None:
        """Return an override in force at `at` that lifts this policy for the contact."""
        for mark in standing.overrides:
            if mark.starts_at <= at < mark.ends_at and self._lifts(mark, asked):
                return mark
        return None

    def _lifts(self, mark: OverrideMark, asked: Contact) -> bool:
        return (
            self.policy.is_overridable
            and mark.rule_id == self.policy.rule_id
            and mark.channel in {None, asked.channel}
            and mark.category in {None, asked.category}
        )

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
