"""Gather what happened (evaluations, contacts, controls, suppressions, one story) and write the report."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from zoneinfo import ZoneInfo

from services.workbench.demo.intake import TIMEOUT
from services.workbench.demo.organic import members
from services.workbench.report.page import write_page
from services.workbench.report.record import Record, open_record
from services.workbench.report.summary import CheckResult, Summary
from shared.contracts.campaigns import ContactRecord, ContactsPage, Evaluation, Story, Suppression, SuppressionsPage
from shared.contracts.plan import Plan
from shared.contracts.wire import BULK_LIMIT
from shared.messaging.calling import RpcCaller

_ZONE = ZoneInfo("Asia/Shanghai")
_RECOUNT_SECONDS = 600


def evaluate_all(caller: RpcCaller, plans: Sequence[Plan]) -> list[Evaluation]:
    """Ask for every campaign's evaluation, in the order of the plans."""
    return [
        caller.call("campaigns_bulk", "evaluate", {"campaign_id": plan.campaign}, Evaluation, TIMEOUT) for plan in plans
    ]


def contacts(caller: RpcCaller) -> Iterator[ContactRecord]:
    """Page through every contact."""
    after: str | None = ""
    while after is not None:
        arguments = {"after": after, "limit": BULK_LIMIT}
        page = caller.call("campaigns_bulk", "contacts_page", arguments, ContactsPage, TIMEOUT)
        yield from page.contacts
        after = page.next_after


def suppressions(caller: RpcCaller) -> Iterator[Suppression]:
    """Page through every contact that was not made."""
    after: str | None = ""
    while after is not None:
        arguments = {"after": after, "limit": BULK_LIMIT}
        page = caller.call("campaigns_bulk", "suppressions_page", arguments, SuppressionsPage, TIMEOUT)
        yield from page.suppressions
        after = page.next_after


class Protagonist:
    """Watches the contacts go by and keeps the subscriber with the most to tell; ties by id."""

    def __init__(self) -> None:
        self._seen: Counter[str] = Counter()
        self.best = ""
        self._score = (0, "")

    def watch(self, contact: ContactRecord) -> None:
        """Count a contact; an accepted one tells more. Only the first subscribers are followed: memory is bounded."""
        if contact.customer_id not in self._seen and len(self._seen) >= BULK_LIMIT:
            return
        self._seen[contact.customer_id] += 3 if contact.fulfilled_at else 1
        score = (self._seen[contact.customer_id], contact.customer_id)
        if score > self._score:
            self.best, self._score = contact.customer_id, score


def write_report(folder: Path, rules: Path, caller: RpcCaller, plans: Sequence[Plan], summary: Summary) -> Summary:
    """Write `report.json`, recount it in a process of its own, then write `report.html`."""
    folder.mkdir(parents=True, exist_ok=True)
    with open_record(folder / "report.json") as record:
        _write_record(record, caller, plans, summary)
    summary.checks = _recount(folder / "report.json", rules)
    write_page(folder / "report.html", summary)
    return summary


def _write_record(record: Record, caller: RpcCaller, plans: Sequence[Plan], summary: Summary) -> None:
    record.put("label", summary.label)
    record.put("seed", summary.seed)
    record.put("starts_on", summary.starts_on)
    record.put("days", summary.days)
    record.put("rule_set", summary.rule_set)
    record.put("intake", summary.intake)
    record.put("campaigns", summary.evaluations)
    protagonist = Protagonist()
    record.put_all("contacts", _counted(contacts(caller), summary, protagonist))
    record.put_all("control", _control(caller, plans))
    record.put_all("suppressed", suppressions(caller))
    if protagonist.best:
        summary.story = caller.call("campaigns_bulk", "story", {"customer_id": protagonist.best}, Story, TIMEOUT)
    record.put("story", summary.story)


def _counted(stream: Iterator[ContactRecord], summary: Summary, protagonist: Protagonist) -> Iterator[ContactRecord]:
    for contact in stream:
        if contact.contacted_at is not None:
            day = contact.contacted_at.astimezone(_ZONE).date().isoformat()
            by_day = summary.contacts_by_day.setdefault(contact.channel, {})
            by_day[day] = by_day.get(day, 0) + 1
            summary.contacts += 1
            summary.inbound_contacts += contact.direction == "inbound"
            protagonist.watch(contact)
        summary.not_made += contact.state == "failed"
        yield contact


def _control(caller: RpcCaller, plans: Sequence[Plan]) -> Iterator[dict[str, str]]:
    for plan in plans:
        for member in members(caller, plan.campaign, plan.control):
            yield {"campaign_id": plan.campaign, "customer_id": member.customer_id, "phase": member.phase}


def _recount(report: Path, rules: Path) -> list[CheckResult]:
    command = [sys.executable, "-m", "services.workbench.demo.recount", str(report), str(rules)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=_RECOUNT_SECONDS)  # noqa: S603 - our own module
    return [CheckResult(**row) for row in json.loads(done.stdout)]
