"""Contacts and policies with sensible defaults, so that a test names only what it is about."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from services.governance.domain.contacts import Contact, Situation
from services.governance.domain.decisions import Decision
from services.governance.domain.instants import to_micros
from services.governance.domain.judgement import judge
from services.governance.domain.policies import Policy, RollingLimit
from services.governance.domain.policy_set import PolicySet
from services.governance.domain.refusals import Terms
from shared.contracts.wire import CHANNELS
from shared.kernel.text import Text

TERMS = Terms(channels=frozenset(CHANNELS))
NAMED: Mapping[str, Any] = {"version": "v1", "because": Text("不行", "no")}


def moment(text: str) -> int:
    """Return microseconds of an ISO time; without offset it is Shanghai's."""
    return to_micros(datetime.fromisoformat(text if "+" in text[10:] or "Z" in text else text + "+08:00"))


NOW = moment("2026-03-02T09:00:00")


def contact(contact_id: str, at: str | int, **fields: Any) -> Contact:
    """Return an outbound marketing SMS of one campaign to one subscriber."""
    values: dict[str, Any] = {
        "customer_id": "anna",
        "channel": "sms",
        "campaign_id": "spring",
        "offering_id": "crbt",
        "category": "music",
        "purpose": "marketing",
        "direction": "outbound",
        "zone": "Asia/Shanghai",
    }
    return Contact(contact_id=contact_id, at=moment(at) if isinstance(at, str) else at, **{**values, **fields})


def rolling(limit: int, span: int, rule_id: str = "cap", **fields: Any) -> RollingLimit:
    """Return a cap per customer."""
    return RollingLimit(**{**NAMED, "rule_id": rule_id, "limit": limit, "span": span, "per": "customer", **fields})


def decide(
    policies: Sequence[Policy], requests: Sequence[Contact], situation: Situation | None = None, now: int = NOW
) -> list[Decision]:
    """Judge requests of one subscriber."""
    situations = {} if situation is None else {"anna": situation}
    return judge(requests, situations, PolicySet("set", policies), {}, TERMS, now).decisions


def verdicts(decisions: Sequence[Decision]) -> list[bool]:
    """Return which of them permit."""
    return [decision.is_permitted for decision in decisions]
