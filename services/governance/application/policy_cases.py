"""The cases beside each contact policy, judged by the domain that judges real requests; each policy on its own."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from services.governance.application.policies import policy_set
from services.governance.domain.contacts import Contact, ListMark, OutcomeMark, Situation
from services.governance.domain.decisions import Decision
from services.governance.domain.instants import from_micros, to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.limits import CapacityCheck
from services.governance.domain.policies import ListEffect, Policy
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from shared.contracts.wire import CHANNELS
from shared.kernel.text import Text
from shared.rulekit.faults import Place
from shared.rulekit.model import RuleBook

EXECUTOR = "governance"
_CUSTOMER = "the subscriber"
_TERMS = Terms(channels=frozenset(CHANNELS))
# With a policy that concerns nobody beside it, a policy out of force permits instead of leaving none in force.
_IDLE = ListEffect(rule_id="", version="", because=Text("", ""), list_name="")
_PLAIN: Mapping[str, str] = {
    "channel": "sms",
    "campaign": "campaign",
    "offering": "offering",
    "category": "category",
    "purpose": "marketing",
    "direction": "outbound",
    "zone": "Asia/Shanghai",
}


class PolicyCase(Protocol):
    """A case as the rule language reads it: `content` as written, dates and times as text."""

    @property
    def rule_id(self) -> str: ...  # noqa: D102 - see the class
    @property
    def title(self) -> str: ...  # noqa: D102
    @property
    def place(self) -> Place: ...  # noqa: D102
    @property
    def content(self) -> Mapping[str, Any]: ...  # noqa: D102


@dataclass(frozen=True, slots=True)
class PolicyCaseResult:
    """How one case came out; `ok` when what came out is what was expected."""

    rule_id: str
    title: str
    executor: str
    ok: bool
    message: str
    place: Place


def run_cases(cases: Sequence[PolicyCase], book: RuleBook) -> list[PolicyCaseResult]:
    """Return how each case comes out; a case that cannot be read has come out wrong, and the message says why."""
    policies = {check.policy.rule_id: check.policy for check in policy_set(book).checks}
    return [_result(case, _differences(case, policies[case.rule_id])) for case in cases]


def _result(case: PolicyCase, differences: list[str]) -> PolicyCaseResult:
    return PolicyCaseResult(case.rule_id, case.title, EXECUTOR, not differences, "; ".join(differences), case.place)


def _differences(case: PolicyCase, policy: Policy) -> list[str]:
    try:
        decision = _decision(case.content, policy)
        expected_next = _moment(case.content.get("next_allowed_at"))
    except (TypeError, ValueError, KeyError, AttributeError) as fault:
        return [f"the case cannot be read: {type(fault).__name__}: {fault}"]
    word = "permit" if decision.is_permitted else "suppress"
    pairs = [(case.content["expect"], word)]
    if "next_allowed_at" in case.content:
        pairs.append((_shown(expected_next), _shown(decision.next_allowed_at)))
    because = case.content.get("because") or {}
    zh, _, en = (decision.findings[0].text if decision.findings else "").partition(" / ")
    pairs += [(because[language], text) for language, text in (("zh", zh), ("en", en)) if because.get(language)]
    return [f"expected {wanted!r}, got {got!r}" for wanted, got in pairs if wanted != got]


def _decision(content: Mapping[str, Any], policy: Policy) -> Decision:
    policies = PolicySet("cases", [policy, _IDLE])
    asked = _contact("asked", content["request"])
    history = [(_contact(f"earlier {place}", one), one) for place, one in enumerate(content.get("history") or ())]
    situation = Situation(
        sorted((contact for contact, _ in history), key=lambda contact: contact.at),
        [_mark(one) for one in content.get("lists") or ()],
        [_outcome(contact, one["outcome"]) for contact, one in history if one.get("outcome")],
    )
    check = policies.checks[0]
    already = int(content.get("already") or 0)
    capacity = {check.bucket(asked.at): already} if isinstance(check, CapacityCheck) else {}
    return judge([asked], {_CUSTOMER: situation}, policies, capacity, _TERMS, asked.at).decisions[0]


def _contact(contact_id: str, written: Mapping[str, Any]) -> Contact:
    fields = _fields(written, {"at", "outcome", *_PLAIN})
    at = _moment(fields["at"])
    if at is None:
        raise ValueError("a contact needs `at`")
    words = {name: str(fields.get(name, plain)) for name, plain in _PLAIN.items()}
    return Contact(
        contact_id,
        _CUSTOMER,
        words["channel"],
        words["campaign"],
        words["offering"],
        words["category"],
        words["purpose"],
        words["direction"],
        at,
        words["zone"],
    )


def _mark(written: Mapping[str, Any]) -> ListMark:
    fields = _fields(written, {"list", "channel", "category", "starts_at", "ends_at", "reason", "source"})
    starts_at, ends_at = _moment(fields.get("starts_at")), _moment(fields.get("ends_at"))
    channel, category = fields.get("channel"), fields.get("category")
    reason, source = str(fields.get("reason", "")), str(fields.get("source", ""))
    return ListMark(_CUSTOMER, fields["list"], channel, category, starts_at, ends_at, reason, source)


def _outcome(contact: Contact, outcome: str) -> OutcomeMark:
    return OutcomeMark(_CUSTOMER, outcome, contact.at, contact.campaign_id, contact.offering_id, contact.category)


def _fields(written: Mapping[str, Any], known: set[str]) -> Mapping[str, Any]:
    if unknown := sorted(written.keys() - known):
        raise ValueError(f"unknown key {unknown[0]!r}: expected one of {', '.join(sorted(known))}")
    return written


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no UTC offset")
    return to_micros(moment)


def _shown(at: int | None) -> str:
    return "never" if at is None else from_micros(at).astimezone(UTC).isoformat()
