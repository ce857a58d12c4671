"""The cases beside each contact policy, judged by the domain that judges real requests, on a frozen clock."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.governance.application.policies import policy_set
from services.governance.domain.checks import FOREVER, Bucket
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, OverrideMark, Situation
from services.governance.domain.decisions import Decision
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.limits import CapacityCheck
from services.governance.domain.policies import ListEffect, Policy
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from shared.contracts.wire import CHANNELS
from shared.kernel.text import Text
from shared.rulekit.cases.model import (
    CaseContact,
    CaseListing,
    CaseOverride,
    CaseResult,
    PolicyCase,
    PolicyStep,
    different_words,
)
from shared.rulekit.model import RuleBook

EXECUTOR = "governance"
_CUSTOMER = "the subscriber"
_TERMS = Terms(channels=frozenset(CHANNELS))
# With a policy that concerns nobody beside it, a policy out of force permits instead of leaving none in force.
_IDLE = ListEffect(rule_id="", version="", because=Text("", ""), list_name="")


def run_cases(cases: Iterable[PolicyCase], book: RuleBook) -> list[CaseResult]:
    """Return how each case comes out: its policy, and those `beside` it, judge its requests one after the other."""
    policies = {check.policy.rule_id: check.policy for check in policy_set(book).checks}
    return [_result(case, policies) for case in cases]


def _result(case: PolicyCase, policies: Mapping[str, Policy]) -> CaseResult:
    world = _World.of(case, PolicySet("cases", [*(policies[one] for one in (case.rule_id, *case.beside)), _IDLE]))
    messages, seen = [], []
    for number, step in enumerate(case.steps, 1):
        decision = world.ask(f"step {number}", step)
        seen.append("suppress" if any(one.rule_id == case.rule_id for one in decision.findings) else "permit")
        where = f"step {number}, line {step.place.line}: " if len(case.steps) > 1 else ""
        messages += [where + difference for difference in _differences(case.rule_id, step, decision)]
    return CaseResult(
        case.rule_id, case.title, EXECUTOR, not messages, "; ".join(messages), case.place, case.kind, tuple(seen)
    )


@dataclass(slots=True)
class _World:
    """The subscriber and the operator while a case runs."""

    policies: PolicySet
    contacts: list[Contact]
    lists: Sequence[ListMark]
    outcomes: list[OutcomeMark]
    overrides: Sequence[OverrideMark] = ()
    capacity: Mapping[Bucket, int] = field(default_factory=dict)

    @classmethod
    def of(cls, case: PolicyCase, policies: PolicySet) -> "_World":
        history = [_contact(f"earlier {place}", one) for place, one in enumerate(case.history)]
        outcomes = [
            _outcome(made, one.outcome, made.at)
            for made, one in zip(history, case.history, strict=True)
            if one.outcome is not None
        ]
        first = to_micros(case.steps[0].request.at)
        own = policies.checks[0]
        capacity = {own.bucket(first): case.already} if isinstance(own, CapacityCheck) else {}
        lists, overrides = [_mark(one) for one in case.lists], [_lifted(one) for one in case.overrides]
        return cls(policies, history, lists, outcomes, overrides, capacity)

    def ask(self, contact_id: str, step: PolicyStep) -> Decision:
        """Judge the request; a permitted one has taken place for those that follow."""
        asked = _contact(contact_id, step.request)
        contacts = sorted(self.contacts, key=lambda contact: contact.at)
        situations = {_CUSTOMER: Situation(contacts, self.lists, self.outcomes, self.overrides)}
        judgement = judge([asked], situations, self.policies, self.capacity, _TERMS, to_micros(step.clock))
        decision = judgement.decisions[0]
        self.capacity = judgement.capacity
        if decision.is_permitted:
            self.contacts = [*self.contacts, asked]
            if step.request.outcome is not None:
                self.outcomes = [*self.outcomes, _outcome(asked, step.request.outcome, asked.at)]
        return decision


def _differences(rule_id: str, step: PolicyStep, decision: Decision) -> list[str]:
    pairs = [(_word(step.is_permitted), _word(decision.is_permitted))]
    if step.checks_next:
        later = decision.next_allowed_at
        pairs.append((_shown(step.next_allowed_at), _shown(None if later is None else from_micros(later))))
    told = decision.lifted if decision.is_permitted else decision.findings
    against = tuple(sorted(one.rule_id for one in told))
    if step.reasons is not None:
        pairs.append((", ".join(step.reasons), ", ".join(against)))
    elif not step.is_permitted and not decision.is_permitted and rule_id not in against:
        pairs.append((rule_id, ", ".join(against)))
    differences = [f"expected {wanted}, got {got}" for wanted, got in pairs if wanted != got]
    said = next((one.text for one in told if one.rule_id == rule_id), "")
    zh, _, en = said.partition(" / ")
    return differences + different_words(step.because, Text(zh, en))


def _contact(contact_id: str, written: CaseContact) -> Contact:
    return Contact(
        contact_id,
        _CUSTOMER,
        written.channel,
        written.campaign,
        written.offering,
        written.category,
        written.purpose,
        written.direction,
        to_micros(written.at),
        written.zone,
        similar_to=written.similar_to,
    )


def _mark(written: CaseListing) -> ListMark:
    starts_at, ends_at = (None if at is None else to_micros(at) for at in (written.starts_at, written.ends_at))
    return ListMark(
        _CUSTOMER,
        written.list_name,
        written.channel,
        written.category,
        starts_at,
        ends_at,
        written.reason,
        written.source,
    )


def _lifted(written: CaseOverride) -> OverrideMark:
    return OverrideMark(
        _CUSTOMER,
        "override",
        written.rule_id,
        written.channel,
        written.category,
        -FOREVER if written.starts_at is None else to_micros(written.starts_at),
        to_micros(written.ends_at),
        "one person",
        "another person",
    )


def _outcome(contact: Contact, outcome: str, at: int) -> OutcomeMark:
    return OutcomeMark(_CUSTOMER, outcome, at, contact.campaign_id, contact.offering_id, contact.category)


def _word(is_permitted: bool) -> str:
    return "permit" if is_permitted else "suppress"


def _shown(at: datetime | None) -> str:
    return "never" if at is None else at.astimezone(UTC).isoformat()
