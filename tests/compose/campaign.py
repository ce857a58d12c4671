"""A province's campaigns, end to end over the stack, as an integrator drives them; then every promise recounted."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.workbench.demo.recount import recount
from services.workbench.report.record import open_record
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from tests.compose.account import Account
from tests.compose.stack import Stack
from tests.support.rehearsal import PAGE, RULES, Operator, plans

SUBSCRIBERS = 600
EVENING_BEFORE = datetime(2026, 3, 1, 10, tzinfo=UTC)
_MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou
_PATIENCE = 240.0
MOMENTS = [_MORNING + timedelta(days=day, hours=hour) for day in range(3) for hour in (0, 4, 8)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the campaigns came to, as the services tell it and as two databases hold it."""

    contacts: list[dict[str, Any]]
    suppressions: list[dict[str, Any]]
    members: list[dict[str, Any]]
    reserved: set[str]
    dispatched: Counter[str]

    def facts(self) -> list[tuple[object, ...]]:
        """Return what must not depend on what happened to the machines."""
        named = ("contact_id", "customer_id", "campaign_id", "channel", "planned_at", "contacted_at", "outcome")
        return sorted(tuple(one[name] for name in named) for one in self.contacts)


class PatientOperator(Operator):
    """Asks again for as long as a broker or a database server may take to come back on a busy machine."""

    def insist(self, service: str, method: str, **arguments: object) -> Any:
        """Ask until there is an answer; what has been done already is not done twice."""
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                return self.ask(service, method, **arguments)
            except Fault:
                if time.monotonic() > deadline:
                    raise
                time.sleep(1)


def run_campaigns(stack: Stack, *, at_step: Callable[[int], None] = lambda _step: None) -> Outcome:
    """Load subscribers, launch every case, let three days pass; `at_step` may do mischief before each step."""
    with BanyanClient(stack.amqp_url()) as client:
        operator = PatientOperator(stack, client, besides=("dead.",))  # type: ignore[arg-type]  # a stack settles and moves the clock, too
        operator.load(SUBSCRIBERS)
        operator.launch(plans())
        operator.live_through(MOMENTS, at_step=at_step)
        return Outcome(
            contacts=operator.contacts(),
            suppressions=operator.suppressions(),
            members=[member for plan in plans() for member in _members(operator, plan)],
            reserved={row[0] for row in stack.query("governance", "SELECT contact_id FROM contact")},
            dispatched=Counter(row[0] for row in stack.query("channels", "SELECT contact_id FROM dispatch_order")),
        )


def check_outcome(account: Account, outcome: Outcome, folder: Path) -> None:
    """Require that contacts were made, each once, none beyond what governance holds, and no promise was broken."""
    made = [one for one in outcome.contacts if one["contacted_at"]]
    account.require(len(made) > SUBSCRIBERS // 20, "contacts were made", f"{len(made)} to {SUBSCRIBERS} subscribers")
    account.require(len({one["campaign_id"] for one in made}) >= 4, "by several campaigns", _by_campaign(made))
    ids = Counter(one["contact_id"] for one in outcome.contacts)
    account.require(max(ids.values(), default=0) == 1, "each contact counts once", f"{len(ids)} ids")
    live = {one["contact_id"] for one in outcome.contacts if one["state"] != "failed"}
    account.require(live <= outcome.reserved, "governance holds every one", f"{len(outcome.reserved)} reservations")
    account.require(outcome.dispatched == Counter(set(ids)), "channels dispatched each once", len(outcome.dispatched))
    for row in recount(_report(outcome, folder), RULES):
        account.require(
            not row["breaches"], str(row["promise_en"]), f"{row['checked']} checked, {row['breaches']} broken"
        )


def _report(outcome: Outcome, folder: Path) -> Path:
    path = folder / "report.json"
    with open_record(path) as record:
        record.put_all("contacts", outcome.contacts)
        record.put_all("control", outcome.members)
        record.put_all("suppressed", outcome.suppressions)
    return path


def _members(operator: Operator, plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Page through who is in a campaign's control cell."""
    name, cell = plan["campaign"], plan.get("control", "control")
    after: str | None = ""
    while after is not None:
        page = operator.ask("campaigns_bulk", "members_page", campaign_id=name, cell=cell, after=after, limit=PAGE)
        yield from (member | {"campaign_id": name} for member in page["members"])
        after = page["next_after"]


def _by_campaign(contacts: list[dict[str, Any]]) -> str:
    counted = Counter(one["campaign_id"] for one in contacts)
    return ", ".join(f"{name} {count}" for name, count in counted.most_common())
