"""What `banyan rules plan` tells, as values that become JSON as they are."""

from typing import Literal

import msgspec

from services.workbench.rule_plan.changes import Edit, Kind, Status

Direction = Literal["gained", "lost"]


class Version(msgspec.Struct, frozen=True, kw_only=True):
    """One side of the comparison; `unknown_facts` are those the base knows of nobody."""

    label: str
    rule_set: str
    unknown_facts: list[str]


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """Why subscribers were gained (what had kept them out before) or lost (what keeps them out now): the first reason.

    `source` is condition, rival (an earlier segment of the class), rule, absent or not_in_force; `name` the rule or
    segment it comes from.
    """

    direction: Direction
    source: str
    name: str
    zh: str
    en: str
    subscribers: int


class GroupCount(msgspec.Struct, frozen=True, kw_only=True):
    """The subscribers of one city or brand; `value` null: nobody knows which."""

    value: str | None
    zh: str
    en: str
    gained: int
    lost: int
    kept: int


class Effect(msgspec.Struct, frozen=True, kw_only=True):
    """What a change does to one segment, eligibility rule or offering."""

    kind: Kind
    id: str
    status: Status
    before: int
    """Subscribers it held for."""
    after: int
    gained: int
    lost: int
    kept: int
    reasons: list[ReasonCount]
    cities: list[GroupCount]
    brands: list[GroupCount]
    gained_sample: list[str]
    lost_sample: list[str]


class CampaignContacts(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign over its whole span, before and after; null where the version has no such campaign.

    Counts are scaled up from the sample. `held_back` is by contact policy: attempts it suppressed.
    """

    campaign: str
    audience_before: int | None
    audience_after: int | None
    eligible_before: int | None
    eligible_after: int | None
    contacts_before: int | None
    contacts_after: int | None
    held_back_before: dict[str, int]
    held_back_after: dict[str, int]


class ContactEstimate(msgspec.Struct, frozen=True, kw_only=True):
    """An estimate: made by living the campaigns through with `judged` subscribers of the base."""

    judged: int
    subscribers: int
    before: int
    after: int
    by_trigger: list[str]
    """Phases (campaign/phase) left out, because events decide who joins them."""
    campaigns: list[CampaignContacts]


class PlanReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a change of the rules does to a base of subscribers."""

    on: str
    before: Version
    after: Version
    base: str
    is_synthetic: bool
    subscribers: int
    refused_rows: int
    edits: list[Edit]
    effects: list[Effect]
    """Of everything that may hold for others than before; whatever is not listed holds for the same."""
    contacts: ContactEstimate | None
    """Null where nothing that contacts depend on differs."""

    @property
    def gained(self) -> int:
        """Gains of all effects added up."""
        return sum(effect.gained for effect in self.effects)

    @property
    def lost(self) -> int:
        """Losses of all effects added up."""
        return sum(effect.lost for effect in self.effects)
