"""What an override sets aside: a list effect that would forbid a contact, had not two persons lifted it."""

from collections.abc import Iterable

from services.governance.domain.checks import Standing
from services.governance.domain.contacts import Contact, OverrideMark
from services.governance.domain.decisions import Finding
from services.governance.domain.restraints import ListCheck


def lifted_from(asked: Contact, standing: Standing, checks: Iterable[ListCheck]) -> tuple[Finding, ...]:
    """Return a finding for each list effect that holds the contact and is lifted at its planned moment."""
    found = []
    for check in checks:
        mark = check.override(asked, standing, asked.at)
        if mark is None or check.entry(asked, standing, asked.at) is None or not check.in_force(asked.zone, asked.at):
            continue
        found.append(Finding(check.policy.rule_id, check.policy.version, _told(check, mark), asked.at))
    return tuple(found)


def _told(check: ListCheck, mark: OverrideMark) -> str:
    name, proposed_by, approved_by = mark.override_id, mark.proposed_by, mark.approved_by
    zh = f"名单规则已由例外 {name} 放行（{proposed_by} 提出，{approved_by} 批准）"
    en = f"{check.policy.rule_id} lifted by override {name} (proposed by {proposed_by}, approved by {approved_by})"
    return f"{zh} / {en}"
