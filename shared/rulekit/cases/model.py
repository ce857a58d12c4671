"""Cases as values: what a rule's owner expects of it, read and checked, with the places of what was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from shared.kernel.text import Text
from shared.rulekit.facts import FactValue
from shared.rulekit.faults import Place
from shared.rulekit.windows import Event

TRUTHS: Mapping[str, bool | None] = {"true": True, "false": False, "unknown": None}
"""The words for a truth."""
CaseKind = Literal["segments", "eligibility", "conflicts", "contact_policy", "triggers", "ranking"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What every case has: whose it is, its title, where it stands."""

    kind: CaseKind
    rule_id: str
    title: str
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class FactCase(Case):
    """A case of a segment or an eligibility rule: facts, the day of judgement, what is expected."""

    facts: Mapping[str, FactValue]
    on: date
    expect: bool | None
    because: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseContact:
    """A contact of a case; what is left out is that of a marketing SMS, sent, of a campaign and offering of its own."""

    at: datetime
    channel: str = "sms"
    campaign: str = "campaign"
    offering: str = "offering"
    category: str = "category"
    purpose: str = "marketing"
    direction: str = "outbound"
    zone: str = "Asia/Shanghai"
    outcome: str | None = None
    similar_to: tuple[str, ...] = ()
    """Of a request only: the campaigns it says it is like."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseListing:
    """An entry on a list that a case gives the subscriber; without ends and scope it always counts."""

    list_name: str
    channel: str | None = None
    category: str | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    reason: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOverride:
    """An override that two persons agreed upon, of a policy for the subscriber; without start and scope: always."""

    rule_id: str
    ends_at: datetime
    channel: str | None = None
    category: str | None = None
    starts_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyStep:
    """One request at a frozen moment, and what is expected of it.

    A permitted request is history for the steps after it. `next_allowed_at` is compared when `checks_next`: None is
    never. `reasons` are the ids of all policies that suppress, or that an override lifted; None is not compared.
    """

    place: Place
    clock: datetime
    request: CaseContact
    is_permitted: bool
    checks_next: bool = False
    next_allowed_at: datetime | None = None
    because: Text | None = None
    reasons: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyCase(Case):
    """A case of a contact policy: what is so already, then requests one after the other.

    `beside` names further policies that judge with it; `already` counts the operator's contacts in the hour or day of
    the first request.
    """

    history: tuple[CaseContact, ...] = ()
    lists: tuple[CaseListing, ...] = ()
    overrides: tuple[CaseOverride, ...] = ()
    already: int = 0
    beside: tuple[str, ...] = ()
    steps: tuple[PolicyStep, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseOffer:
    """An offer of a campaign: its own category first, then those of its components. `at` when it was made."""

    campaign: str
    offering: str
    categories: tuple[str, ...]
    score: float = 0.0
    priority: int = 50
    similar_to: frozenset[str] = frozenset()
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConflictCase(Case):
    """A case of a conflict: candidates, what is known of the subscriber, and the campaigns expected to remain.

    `because` is compared with the words by which each other candidate lost.
    """

    candidates: tuple[CaseOffer, ...]
    products: frozenset[str] | None
    history: tuple[CaseOffer, ...]
    at: datetime
    beside: tuple[str, ...]
    expect: tuple[str, ...]
    because: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerCase(Case):
    """A case of a trigger: the subscriber's events and facts at a moment, and whether the trigger fires."""

    events: tuple[Event, ...]
    facts: Mapping[str, FactValue]
    at: datetime
    last_fired_at: datetime | None
    expect: bool | None
    because: Text | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RankingCase(Case):
    """A case of a ranking: one offer (value in fen) and the score expected; None when the rule does not rank it."""

    category: str
    campaign: str
    offering: str
    value: float
    propensity: float | None
    priority: float
    expect: float | None


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case came out on one executor; `ok` when what came out is what was expected.

    `seen` names the answers the rule gave: true, false, unknown; permit, suppress; effect, no effect.
    """

    rule_id: str
    title: str
    executor: str
    ok: bool
    message: str
    place: Place
    kind: str = ""
    seen: tuple[str, ...] = ()


def truth_word(value: bool | None) -> str:
    """Return `true`, `false` or `unknown`."""
    return "unknown" if value is None else "true" if value else "false"


def different_words(wanted: Text | None, said: Text) -> list[str]:
    """Return what differs between words expected and words said; a language left out is not compared."""
    if wanted is None:
        return []
    pairs = ((wanted.zh, said.zh), (wanted.en, said.en))
    return [f"expected {want!r}, got {got!r}" for want, got in pairs if want and want != got]
