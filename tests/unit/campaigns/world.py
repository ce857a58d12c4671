"""A small world around campaigns: the other services as fakes that count, remember, and fail when told to."""

import atexit
import shutil
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy.engine import Connection

from services.campaigns.adapters.fulfilment_simulated import SimulatedFulfilment
from services.campaigns.adapters.tables import metadata
from services.campaigns.application.ports import RuleWords
from services.campaigns.application.run_due import Sizes
from services.campaigns.application.use_cases import UseCases
from services.campaigns.dependencies import MIGRATIONS, assemble
from services.campaigns.domain.conflicts import ConflictRule
from shared.contracts.catalogue import Offering, OfferingsChanged, Script
from shared.contracts.channels import (
    ContactsSent,
    DispatchOrder,
    DispatchResult,
    OutcomesRecorded,
    RecordedOutcome,
    SentContact,
)
from shared.contracts.customer_view import Audience, AudiencePage, AudienceQuery, Member
from shared.contracts.governance import ContactRequest, ContactState, Verdict
from shared.contracts.wire import Outcome, Reason, RowFault
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Unavailable
from shared.kernel.identity import unit_interval
from shared.kernel.text import Text
from shared.persistence import Database
from shared.persistence.migrations import migrate

EVENING_BEFORE = datetime(2026, 3, 1, 10, tzinfo=UTC)
MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou
LISTED = Reason(rule_id="black-list", rule_version="1", text="在黑名单 / on the black list")
FULL = Reason(rule_id="weekly-cap", rule_version="1", text="本周已满 / the week is full")


class Crash(BaseException):
    """The process dies here."""


@dataclass
class Trouble:
    """Lets a call to another service fail: `at` counts calls from 1."""

    at: int | None = None
    kind: Callable[[], BaseException] = Crash
    after: bool = False
    """True: the other service has done its work before we die."""
    calls: int = 0

    def around(self, work: Callable[[], Any]) -> Any:
        self.calls += 1
        strikes = self.calls == self.at
        if strikes and not self.after:
            raise self.kind()
        done = work()
        if strikes:
            raise self.kind()
        return done


@dataclass
class Power:
    """Of our own process: once it is off, nothing more reaches the database, not even what `finally` would do."""

    is_on: bool = True
    writes: int = 0
    crash_at: int | None = None
    """The transaction, counted from 1, in which the process dies."""
    committed: bool = False
    """True: it dies right after the commit instead of right before."""


class MortalDatabase(Database):
    """A database whose client may die at any transaction."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.power = Power()

    def forget_everything(self) -> None:
        """Empty all tables, for another world: an engine that knows its statements is quicker than a new one."""
        self.power = Power()
        with super().write() as connection:
            for table in metadata.sorted_tables:
                connection.execute(table.delete())

    @contextmanager
    def write(self) -> Iterator[Connection]:
        power = self.power
        if not power.is_on:
            raise Crash
        power.writes += 1
        strikes = power.writes == power.crash_at
        with super().write() as connection:
            yield connection
            if strikes and not power.committed:
                power.is_on = False
                raise Crash
        if strikes:
            power.is_on = False
            raise Crash


def prepare(database: Database) -> None:
    """Bring a database up to date; SQLite files are copied from one that is, which is much quicker."""
    if database.dialect != "sqlite":
        migrate(database, MIGRATIONS)
        return
    shutil.copyfile(_migrated(), database.url.database or "")


@cache
def _migrated() -> Path:
    path = Path(tempfile.mkdtemp(prefix="campaigns-")) / "migrated.sqlite"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    database = Database(f"sqlite:///{path}")
    migrate(database, MIGRATIONS)
    with database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@dataclass
class FakeCustomerView:
    """Subscribers by segment; facts and failed checks by subscriber."""

    trouble: Trouble
    segments: dict[str, list[str]] = field(default_factory=dict)
    failed: dict[str, list[str]] = field(default_factory=dict)
    products: dict[str, list[str]] = field(default_factory=dict)
    made: dict[str, list[str]] = field(default_factory=dict)
    checks: dict[str, list[str]] = field(default_factory=dict)

    def audience(self, query: AudienceQuery) -> Audience:
        def make() -> Audience:
            members = self.made.setdefault(query.audience_key, sorted(self.segments[query.segment or ""]))
            self.checks[query.audience_key] = query.checks
            return Audience(audience_id=query.audience_key, size=len(members), rule_set="r1")

        return self.trouble.around(make)  # type: ignore[no-any-return]

    def page(self, audience_id: str, after: str, limit: int) -> AudiencePage:
        return self.trouble.around(lambda: self._page(audience_id, after, limit))  # type: ignore[no-any-return]

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
        return self.trouble.around(lambda: [self._screened(each) for each in requests])  # type: ignore[no-any-return]

    def reserve(self, requests: Sequence[ContactRequest]) -> list[Verdict]:
        def decide() -> list[Verdict]:
            for each in sorted(requests, key=lambda each: (-each.priority, each.contact_id)):
                self.ledger.setdefault(each.contact_id, self._decided(each))
            return [self.ledger[each.contact_id] for each in requests]

        return self.trouble.around(decide)  # type: ignore[no-any-return]

    def confirm(self, contact_ids: Sequence[str]) -> list[ContactState]:
        self.confirmed += contact_ids
        return [ContactState(contact_id=each, state="confirmed") for each in contact_ids]

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

        return self.trouble.around(take)  # type: ignore[no-any-return]


@dataclass
class FakeRules:
    """Rules as a test wants them; facts decide nothing here but `holds`."""

    conflicts: Sequence[ConflictRule] = ()
    version: str = "r1"
    segments: frozenset[str] = frozenset({"everybody", "some", "others"})
    eligibility: Mapping[str, RuleWords] = field(
        default_factory=lambda: {
            name: RuleWords("1", Text(f"适合{name}：{{plan}}", f"fits {name}: {{plan}}")) for name in ("app", "wap")
        }
    )
    unreadable: list[str] = field(default_factory=list)

    def current(self, on: date) -> "FakeRules":  # noqa: ARG002
        return self

    def faults_of(self, condition: Mapping[str, object]) -> list[str]:  # noqa: ARG002
        return self.unreadable

    def eligible(self, rule_ids: Sequence[str], facts: Mapping[str, Any], on: date) -> dict[str, bool]:  # noqa: ARG002
        return {name: name in (facts.get("tags") or []) for name in rule_ids}

    def explain(self, rule_id: str, facts: Mapping[str, Any]) -> Text:  # noqa: ARG002
        return self.eligibility[rule_id].because


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
            rows = connection.exec_driver_sql(f"SELECT customer_id, campaign_id, {column} FROM candidate")  # noqa: S608
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


def unavailable() -> Unavailable:
    return Unavailable("nobody there")
