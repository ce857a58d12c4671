"""What a verdict was judged by besides contacts, as a receipt tells it."""

from collections.abc import Mapping
from datetime import datetime

from services.governance.application.kept import Evidence, Issued
from services.governance.domain.instants import from_micros
from shared.contracts.governance import ReceiptFact
from shared.kernel.text import Text

LISTS: Mapping[str, Text] = {
    "black": Text("黑名单", "the black list"),
    "grey": Text("灰名单", "the grey list"),
    "red": Text("红名单", "the red list"),
    "special_card": Text("特殊卡名单", "the list of special cards"),
    "opt_out": Text("拒绝营销名单", "the opt-out list"),
}
OUTCOMES: Mapping[str, Text] = {
    "accepted": Text("接受", "accepted"),
    "refused": Text("拒绝", "refused"),
    "later": Text("表示以后再说", "said: later"),
    "no_answer": Text("未接听", "did not answer"),
    "unreachable": Text("无法接通", "could not be reached"),
    "complaint": Text("投诉", "complained"),
    "opt_out": Text("要求不再联系", "asked not to be contacted again"),
    "delivered": Text("已收到", "got the message"),
    "ignored": Text("未回应", "did not respond"),
}


def facts_of(issued: Issued, evidence: Evidence, decided_at: int) -> list[ReceiptFact]:
    """Return list entries in force when the verdict was given or at the planned moment, outcomes, overrides used."""
    return [*_entries(issued, evidence, decided_at), *_outcomes(evidence), *_overrides(issued, evidence)]


def _entries(issued: Issued, evidence: Evidence, decided_at: int) -> list[ReceiptFact]:
    first, last = sorted((decided_at, issued.contact.at))
    return [
        ReceiptFact(
            kind="list",
            name=seen.mark.list_name,
            channel=seen.mark.channel,
            category=seen.mark.category,
            since=_moment(seen.mark.starts_at if seen.mark.starts_at is not None else seen.put_at),
            until=_moment(seen.mark.ends_at),
            detail=" · ".join(part for part in (seen.mark.reason, seen.mark.source) if part),
        )
        for seen in evidence.lists
        if (seen.mark.starts_at is None or seen.mark.starts_at <= last)
        and (seen.mark.ends_at is None or first < seen.mark.ends_at)
    ]


def _outcomes(evidence: Evidence) -> list[ReceiptFact]:
    return [
        ReceiptFact(
            kind="outcome",
            name=mark.outcome,
            category=mark.category,
            since=from_micros(mark.at),
            detail=" · ".join(part for part in (mark.campaign_id, mark.offering_id) if part),
        )
        for mark in evidence.outcomes
    ]


def _overrides(issued: Issued, evidence: Evidence) -> list[ReceiptFact]:
    lifted = {finding.rule_id for finding in issued.lifted}
    return [
        ReceiptFact(
            kind="override",
            name=mark.rule_id,
            channel=mark.channel,
            category=mark.category,
            since=_moment(mark.starts_at),
            until=from_micros(mark.ends_at),
            detail=f"{mark.override_id} · {mark.proposed_by} → {mark.approved_by}",
        )
        for mark in evidence.overrides
        if mark.rule_id in lifted
    ]


def _moment(at: int | None) -> datetime | None:
    return None if at is None else from_micros(at)
