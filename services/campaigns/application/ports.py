"""What the use cases need from outside: the other services, CRM and ISMP, and the rules. See also store_ports.py."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from services.campaigns.domain.candidate import Cause
from services.campaigns.domain.conflicts import ConflictRule
from services.campaigns.domain.offering import Offering
from services.campaigns.domain.order import FulfilmentResult, SalesOrder
from services.campaigns.domain.ranking import RankingRule
from shared.contracts.channels import DispatchOrder, DispatchResult
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery
from shared.contracts.governance import ContactRequest, ContactState, Verdict
from shared.kernel.text import Text
from shared.rulekit.facts import Facts
from shared.rulekit.rules import Level

T = TypeVar("T")


class CustomerView(Protocol):
    """customer_view_bulk: raises `Unavailable` when it does not answer in time."""

    def audience(self, query: AudienceQuery) -> Audience:
        """Freeze the members of a rule; the same key again returns the same audience."""
        ...

    def page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        """Return up to `limit` members after a subscriber id, in ascending order of id."""
        ...


class Governance(Protocol):
    """governance_bulk for the runs, governance for advice: raises `Unavailable` when it does not answer in time."""

    def screen(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Judge list effects only; nothing is stored. Same order as the requests."""
        ...

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        """Ask for the right to make contacts; idempotent by contact id. Same order as the requests."""
        ...

    def release(self, contact_ids: Sequence[str], reason: str) -> list[ContactState]:
        """Give back reservations that will not be used."""
        ...


class Channels(Protocol):
    """channels_bulk: raises `Unavailable` when it does not answer in time."""

    def dispatch(self, orders: Sequence[DispatchOrder]) -> DispatchResult:
        """Hand over permitted contacts; idempotent by contact id."""
        ...


class Background(Protocol):
    """Lets work go on beside other work, so that waiting for one service does not keep the others idle."""

    def start(self, work: Callable[[], T]) -> Callable[[], T]:
        """Begin; the function returned waits for the result, or raises what the work raised."""
        ...


class Fulfilment(Protocol):
    """CRM and ISMP behind one surface: both halves are carried out, or neither stands."""

    def carry_out(
        self, orders: Sequence[SalesOrder], offerings: Mapping[str, Offering], assumed: Mapping[str, float]
    ) -> list[FulfilmentResult]:
        """Carry out a batch, idempotent by contact id; same order as `orders`. Raises Unavailable.

        `assumed` is for the simulator alone: the share of orders that is carried out, by campaign.
        """
        ...


@dataclass(frozen=True, slots=True)
class RuleWords:
    """What campaigns needs of an eligibility rule for its reasons."""

    version: str
    because: Text
    level: Level = "eligibility"
    """eligibility: may by law or contract; applicability: makes sense now; suitability: fits."""


@dataclass(frozen=True, slots=True)
class Eligible:
    """Which eligibility rules hold for one subscriber; `doubts`: those nobody can be sure of, with what to say."""

    holds: Mapping[str, bool]
    doubts: Mapping[str, Cause]
    """They count as not held: no offer is made on them."""


class RulesInForce(Protocol):
    """One consistent rule set."""

    @property
    def version(self) -> str:
        """The rule set's version."""
        ...

    @property
    def conflicts(self) -> Sequence[ConflictRule]:
        """The conflict rules valid today, as the domain's values."""
        ...

    @property
    def ranking(self) -> Sequence[RankingRule]:
        """The ranking rules valid today, as the domain's values."""
        ...

    @property
    def similar_span(self) -> timedelta:
        """For how long governance keeps campaigns apart that are alike; zero when no policy says so."""
        ...

    @property
    def eligibility(self) -> Mapping[str, RuleWords]:
        """The eligibility rules by id."""
        ...

    @property
    def segments(self) -> frozenset[str]:
        """The ids of all segments."""
        ...

    @property
    def triggers(self) -> frozenset[str]:
        """The ids of all triggers."""
        ...

    def faults_of(self, condition: Mapping[str, object]) -> list[str]:
        """Say what is wrong with an inline condition; empty when the rule language can read it."""
        ...

    def eligible(self, rule_ids: Sequence[str], facts: Facts, on: date, key: str) -> Eligible:
        """Judge eligibility rules for one subscriber at run time (durable-rules); unknown counts as not eligible.

        `key` names the decision: it decides whether this one is judged by the reference executor too.
        """
        ...

    def explain(self, rule_id: str, facts: Facts) -> Text:
        """Return an eligibility rule's `because` with its placeholders filled."""
        ...


class Rules(Protocol):
    """The source of rules: picks up changed files, keeps the last good set."""

    def current(self, on: date) -> RulesInForce:
        """Return the rules in force on a day."""
        ...
