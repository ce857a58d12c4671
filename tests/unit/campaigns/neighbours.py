"""The other services as campaigns sees them: fakes that count, remember, and fail when told to."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from services.campaigns.application.ports import Eligible, RuleWords
from services.campaigns.domain.conflicts import ConflictRule
from services.campaigns.domain.ranking import RankingRule
from shared.contracts.channels import DispatchOrder, DispatchResult
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery, Member
from shared.contracts.governance import ContactRequest, ContactState, Verdict
from shared.contracts.wire import Reason, RowFault
from shared.kernel.text import Text
from tests.unit.campaigns.mortality import Trouble

LISTED = Reason(rule_id="black-list", rule_version="1", text="在黑名单 / on the black list")
FULL = Reason(rule_id="weekly-cap", rule_version="1", text="本周已满 / the week is full")


@dataclass
class FakeCustomerView:
    """Subscribers by segment; facts and failed checks by subscriber."""

    trouble: Trouble
    segments: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    products: dict[str, list[str]] = field(default_factory=dict)
    fired: dict[str, list[tuple[datetime, str]]] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)
    checks: dict[str, list[str]] = field(default_factory=dict)

    def audience(self, query: AudienceQuery) -> Audience:
        def make() -> Audience:
            members = self.made.setdefault(query.audience_key, self._selected(query))
            self.checks[query.audience_key] = query.checks
            return Audience(audience_id=query.audience_key, size=len(members), rule_set="r1")

        return self.trouble.around(make)  # type: ignore[no-any-return]  # what the fake was told to answer

    def _selected(self, query: AudienceQuery) -> list[str]:
        if query.trigger is None:
            return sorted(self.segments[query.segment or ""])
        assert query.since is not None
        assert query.until is not None
        return sorted({who for at, who in self.fired.get(query.trigger, ()) if query.since <= at <= query.until})

    def page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        return self.trouble.around(lambda: self._page(audience_id, after, limit))  # type: ignore[no-any-return]  # what the fake was told to answer

    def _page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        left = [each for each in self.made[audience_id] if each > after]
        members = [
            Member(
                customer_id=each,
                failed=[rule for rule in self.failed.get(each, []) if rule in self.checks[audience_id]],
                facts={"city": "fuzhou", "products": self.products.get(each, [])},
            )
            for each in left[:limit]
        ]
        return AudiencePage(members=members, next_after=members[-1].customer_id if len(left) > limit else None)


@dataclass
class FakeGovernance:
    """Permits so many contacts per subscriber and day; keeps a ledger; idempotent by contact id."""

    trouble: Trouble
    listed: set[str] = field(default_factory=set)
    most_a_day: int = 1
    ledger: dict[str, Verdict] = field(default_factory=dict)
    requests: dict[str, ContactRequest] = field(default_factory=dict)
    released: dict[str, str] = field(default_factory=dict)
    confirmed: list[str] = field(default_factory=list)
    _used: Counter[tuple[str, date]] = field(default_factory=Counter)

    def screen(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        return self.trouble.around(lambda: [self._screened(each) for each in requests])  # type: ignore[no-any-return]  # what the fake was told to answer

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        def decide() -> list[Verdict]:
            for each in sorted(requests, key=lambda each: (-each.priority, each.contact_id)):
                self.ledger.setdefault(each.contact_id, self._decided(each))
            return [self.ledger[each.contact_id] for each in requests]

        return self.trouble.around(decide)  # type: ignore[no-any-return]  # what the fake was told to answer

    def release(self, contact_ids: Sequence[str], reason: str) -> list[ContactState]:
        self.released |= dict.fromkeys(contact_ids, reason)
        return [ContactState(contact_id=each, state="released") for each in contact_ids]

    def _screened(self, request: ContactRequest) -> Verdict:
        reasons = [LISTED] if request.customer_id in self.listed else []
        return _verdict(request, reasons)

    def _decided(self, request: ContactRequest) -> Verdict:
        self.requests[request.contact_id] = request
        key = (request.customer_id, request.planned_at.date())
        if request.customer_id in self.listed:
            return _verdict(request, [LISTED])
        if self._used[key] >= self.most_a_day:
            return _verdict(request, [FULL], next_allowed_at=request.planned_at + timedelta(days=1))
        self._used[key] += 1
        return _verdict(request, [])


def _verdict(request: ContactRequest, reasons: list[Reason], next_allowed_at: datetime | None = None) -> Verdict:
    return Verdict(
        contact_id=request.contact_id,
        verdict="suppress" if reasons else "permit",
        reasons=reasons,
        next_allowed_at=next_allowed_at,
        expires_at=None if reasons else request.planned_at + timedelta(hours=48),
    )


@dataclass
class FakeChannels:
    """Takes orders, once each; `refused` names subscribers whose orders it does not take."""

    trouble: Trouble
    orders: dict[str, DispatchOrder] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)

    def dispatch(self, orders: Sequence[DispatchOrder]) -> DispatchResult:
        def take() -> DispatchResult:
            faults = []
            for number, order in enumerate(orders):
                if order.customer_id in self.refused:
                    faults.append(RowFault(index=number, field="customer_id", message="no number"))
                else:
                    self.orders.setdefault(order.contact_id, order)
            return DispatchResult(taken=len(orders) - len(faults), faults=faults)

        return self.trouble.around(take)  # type: ignore[no-any-return]  # what the fake was told to answer


@dataclass
class FakeRules:
    """Rules as a test wants them; facts decide nothing here but `holds`."""

    conflicts: Sequence[ConflictRule] = ()
    ranking: Sequence[RankingRule] = ()
    similar_span: timedelta = timedelta()
    version: str = "r1"
    segments: frozenset[str] = frozenset({"everybody", "some", "others"})
    triggers: frozenset[str] = frozenset({"quota-twice"})
    eligibility: Mapping[str, RuleWords] = field(
        default_factory=lambda: {
            name: RuleWords("1", Text(f"适合{name}：{{plan}}", f"fits {name}: {{plan}}")) for name in ("app", "wap")
        }
    )
    unreadable: list[str] = field(default_factory=list)

    def current(self, on: date) -> "FakeRules":  # noqa: ARG002 - the port's signature
        return self

    def faults_of(self, condition: Mapping[str, object]) -> list[str]:  # noqa: ARG002 - the port's signature
        return self.unreadable

    def eligible(self, rule_ids: Sequence[str], facts: Mapping[str, Any], on: date, key: str) -> Eligible:  # noqa: ARG002 - the port's signature
        return Eligible({name: name in (facts.get("tags") or []) for name in rule_ids}, {})

    def explain(self, rule_id: str, facts: Mapping[str, Any]) -> Text:  # noqa: ARG002 - the port's signature
        return self.eligibility[rule_id].because
