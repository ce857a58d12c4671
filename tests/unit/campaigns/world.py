"""A small world around campaigns: a database of its own, the other services as fakes, a steered clock."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from services.campaigns.adapters.fulfilment_simulated import SimulatedFulfilment
from services.campaigns.application.run_due import Sizes
from services.campaigns.application.use_cases import UseCases
from services.campaigns.dependencies import assemble
from shared.contracts.catalogue import Offering, OfferingsChanged, Script
from shared.contracts.channels import ContactsSent, DispatchOrder, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.wire import Outcome
from shared.kernel.clock import SteeredClock
from shared.kernel.identity import unit_interval
from shared.persistence import Database
from tests.unit.campaigns.mortality import Crash, MortalDatabase, Trouble, prepare
from tests.unit.campaigns.neighbours import FakeChannels, FakeCustomerView, FakeGovernance, FakeRules

EVENING_BEFORE = datetime(2026, 3, 1, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou


def offering(name: str, category: str, *, products: Sequence[str] = (), rules: Sequence[str] = ()) -> Offering:
    return Offering(
        offering_id=name,
        name_zh=f"产品{name}",
        name_en=name,
        product_class="revenue",
        category=category,
        products=list(products) or [name],
        eligibility=list(rules),
        scripts=[Script(channel="any", zh=f"您好，{name}", en=f"hello, {name}")],
    )


def plan(name: str, offered: str = "tone", **changes: Any) -> dict[str, Any]:
    """Return a campaign of two weeks by SMS with 20 % control, as a caller would send it."""
    base: dict[str, Any] = {
        "campaign": name,
        "name_zh": f"活动{name}",
        "name_en": f"campaign {name}",
        "source": "test",
        "owner": "tester",
        "category": "crbt",
        "goals": [{"kpi": "success_rate", "target": 0.2, "name_zh": "成功率", "name_en": "success"}],
        "phases": [{"phase": "p1", "starts_on": "2026-03-02", "ends_on": "2026-03-15", "segment": "everybody"}],
        "cells": [
            {"cell": "main", "share": 0.8, "treatments": ["only"]},
            {"cell": "control", "share": 0.2},
        ],
        "treatments": [
            {
                "treatment": "only",
                "offering": offered,
                "steps": [{"channel": "sms", "cost_fen": 5}],
                "revenue_fen": 1000,
            }
        ],
        "converts": [offered],
        "approvals": ["city", "province"],
    }
    return base | changes


class World:
    """Campaigns on a database of its own, between fakes, on a steered clock."""

    def __init__(
        self, url: str, *, rules: FakeRules | None = None, size: int = 100, sizes: Sizes | None = None
    ) -> None:
        self.sizes = sizes
        self.trouble = Trouble()
        self.database: Database = MortalDatabase(url) if isinstance(url, str) else url
        if isinstance(url, str):
            prepare(self.database)
        self.clock = SteeredClock(EVENING_BEFORE)
        self.machine_clock = SteeredClock(EVENING_BEFORE)
        self.view = FakeCustomerView(self.trouble)
        self.view.segments["everybody"] = [f"c{number:05d}" for number in range(size)]
        self.governance = FakeGovernance(self.trouble)
        self.channels = FakeChannels(self.trouble)
        self.rules = rules or FakeRules()
        self.told: Counter[str] = Counter()
        self.use = self.restart()
        self.sent: set[str] = set()

    @classmethod
    def at(cls, folder: Path, **given: Any) -> "World":
        return cls(f"sqlite:///{folder}/campaigns.sqlite", **given)

    def restart(self) -> UseCases:
        """Begin anew in another process: nothing but the database is left, and leases of the dead run out."""
        if isinstance(self.database, MortalDatabase):
            self.database.power.is_on = True
        self.machine_clock.advance(timedelta(minutes=1))
        self.use = assemble(
            self.database,
            clock=self.clock,
            view=self.view,
            governance=self.governance,
            desk_governance=self.governance,
            channels=self.channels,
            fulfilment=SimulatedFulfilment("1"),
            rules=self.rules,
            has_timers=False,
            machine_clock=self.machine_clock,
            sizes=self.sizes,
        )
        return self.use

    def offer(self, *offerings: Offering) -> None:
        self.deliver("offerings_changed", OfferingsChanged(offerings=list(offerings)))

    def launch(self, *plans: dict[str, Any]) -> None:
        for each in plans:
            status = self.use.cases.draft(each)
            status = self.use.cases.submit(status.campaign_id)
            while status.awaiting_level:
                status = self.use.cases.approve(status.campaign_id, status.awaiting_level, "boss")
            self.use.cases.move(status.campaign_id, "launch")

    def run_at(self, moment: datetime) -> Any:
        self.clock.move_to(max(moment, self.clock.now()))
        return self.use.runs.run_due(moment)

    def answer(self, outcomes: Mapping[str, Outcome] | Callable[[DispatchOrder], Outcome], at: datetime) -> int:
        """Let channels make the contacts planned until `at`, and tell what came of them; returns how many."""
        self.clock.move_to(max(at, self.clock.now()))
        due = [each for each in self.channels.orders.values() if each.planned_at <= at]
        new = [each for each in due if each.contact_id not in self.sent]
        self.sent |= {each.contact_id for each in new}
        sent = [
            SentContact(
                contact_id=each.contact_id,
                customer_id=each.customer_id,
                campaign_id=each.campaign_id,
                channel=each.channel,
                at=each.planned_at,
            )
            for each in new
        ]
        self.deliver("contacts_sent", ContactsSent(contacts=sent))
        recorded = [
            RecordedOutcome(
                contact_id=each.contact_id,
                customer_id=each.customer_id,
                campaign_id=each.campaign_id,
                offering_id=each.offering_id,
                channel=each.channel,
                outcome=outcomes(each) if callable(outcomes) else outcomes[each.customer_id],
                detail="",
                at=each.planned_at + timedelta(minutes=1),
                simulated=True,
            )
            for each in new
        ]
        self.deliver("outcomes_recorded", OutcomesRecorded(outcomes=recorded))
        return len(new)

    def contacts(self) -> list[tuple[Any, ...]]:
        """Return every contact, permitted or suppressed, with all that was decided about it."""
        with self.database.read() as connection:
            rows = connection.exec_driver_sql(
                "SELECT contact_id, customer_id, campaign_id, phase, cell, step, attempt, state, planned_at, outcome "
                "FROM contact ORDER BY contact_id"
            )
            return [tuple(row) for row in rows]

    def candidates(self, column: str = "state") -> dict[tuple[str, str], Any]:
        with self.database.read() as connection:
            rows = connection.exec_driver_sql(f"SELECT customer_id, campaign_id, {column} FROM candidate")  # noqa: S608 - names of our own
            return {(row[0], row[1]): row[2] for row in rows}

    def by_cell(self) -> dict[str, set[str]]:
        cells: dict[str, set[str]] = defaultdict(set)
        for (customer_id, _), cell in self.candidates("cell").items():
            cells[cell].add(customer_id)
        return cells

    def deliver(self, kind: str, event: object) -> None:
        """Bring an event as the bus does: again and again, under the same id, until it is taken in."""
        self.told[kind] += 1
        event_id = f"{kind}-{self.told[kind]}"
        while True:
            try:
                getattr(self.use.listening, kind)(event_id, event)
            except Crash:
                self.restart()
            else:
                return


def by_chance(order: DispatchOrder) -> Outcome:
    """Answer by the subscriber's and campaign's own chance: the same in every run."""
    draw = unit_interval("answer", order.contact_id)
    return "accepted" if draw < 0.3 else "refused" if draw < 0.6 else "no_answer"
