"""A few weeks in the life of a ledger, by chance of a seed: everything that can happen to contacts happens."""

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from services.governance.adapters.record import SqlLedgerRecord
from services.governance.dependencies import open_database
from services.governance.domain.instants import to_micros
from services.workbench.rule_replay.reading import FIRST, LAST
from services.workbench.rule_replay.records import Record, TermsRecord
from services.workbench.rule_replay.replaying import replay
from services.workbench.rule_replay.report import ReplayReport
from shared.contracts.channels import ContactsSent, OutcomesRecorded, RecordedOutcome, SentContact
from shared.contracts.governance import ContactRequest, ListEntry
from shared.rulekit.reading.folder import load_rules
from tests.integration.governance.world import START, World

SUBSCRIBERS = ["anna", "ben", "cleo", "dora", "emma", "finn", "gus", "hans", "ida", "jan"]


class Life:
    """One service and what happens to it; `asked` are contacts permitted, and some that were not."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.chance = random.Random(seed)
        self.asked: list[ContactRequest] = []

    def live(self, steps: int) -> None:
        """Let so many things happen."""
        often = [self.ask] * 6 + [self.send, self.send, self.release, self.answer, self.enlist, self.strike, self.wait]
        for _ in range(steps):
            self.chance.choice(often)()

    def ask(self) -> None:
        requests = [self.request() for _ in range(self.chance.randint(1, 6))]
        verdicts = self.world.use.reserve(requests)
        kept = zip(requests, verdicts, strict=True)
        self.asked += [each for each, said in kept if said.verdict == "permit" or self.chance.random() < 0.05]

    def request(self) -> ContactRequest:
        inbound = self.chance.random() < 0.3
        return self.world.ask(
            f"contact-{self.chance.random():.12f}",
            self.hours() + (0 if inbound else self.chance.choice([0, 1, 6, 30, 70, -1, -60])),
            customer_id=self.chance.choice(SUBSCRIBERS),
            channel=self.chance.choice(["sms", "hall", "hotline"]),
            category=self.chance.choice(["music", "news"]),
            campaign_id=self.chance.choice(["spring", "summer"]),
            purpose=self.chance.choice(["marketing", "marketing", "service"]),
            direction="inbound" if inbound else "outbound",
            priority=float(self.chance.randint(0, 3)),
            zone=self.chance.choice(["Asia/Shanghai", "Asia/Urumqi", "Europe/Berlin"]),
        )

    def hours(self) -> float:
        return (self.world.clock.now() - START) / timedelta(hours=1)

    def some(self) -> list[ContactRequest]:
        return self.chance.sample(self.asked, min(len(self.asked), 3))

    def send(self) -> None:
        sent = [
            SentContact(
                contact_id=each.contact_id,
                customer_id=each.customer_id,
                campaign_id=each.campaign_id,
                channel="sms",
                at=min(each.planned_at + timedelta(hours=self.chance.choice([0, 0, 3])), self.world.clock.now()),
            )
            for each in self.some()
        ]
        self.world.use.contacts_sent(f"sent-{self.chance.random()}", ContactsSent(contacts=sent))

    def release(self) -> None:
        self.world.use.release([each.contact_id for each in self.some()], "changed our mind")

    def answer(self) -> None:
        outcomes = [
            RecordedOutcome(
                contact_id=each.contact_id,
                customer_id=each.customer_id,
                campaign_id=each.campaign_id,
                offering_id=each.offering_id,
                channel="sms",
                outcome=self.chance.choice(
                    ["accepted", "later", "ignored", "delivered", "no_answer", "refused", "opt_out"]
                ),
                detail="",
                at=self.world.clock.now() - timedelta(hours=self.chance.choice([0, 2])),
                simulated=True,
            )
            for each in self.some()
        ]
        self.world.use.outcomes_recorded(f"said-{self.chance.random()}", OutcomesRecorded(outcomes=outcomes))

    def enlist(self) -> None:
        entry = ListEntry(
            customer_id=self.chance.choice(["anna", "ben"]),
            reason="asked",
            source="letter",
            author="clerk",
            channel=self.chance.choice([None, "sms"]),
            ends_at=self.chance.choice([None, self.world.clock.now() + timedelta(hours=20)]),
        )
        self.world.use.list_put(self.chance.choice(["black", "opt_out"]), [entry])

    def strike(self) -> None:
        for name in ("black", "opt_out"):
            self.world.use.list_remove(name, SUBSCRIBERS)

    def wait(self) -> None:
        self.world.pass_hours(self.chance.choice([0.1, 1, 7, 30]))


class LedgerRecords:
    """The records of one governance service alone."""

    def __init__(self, world: World, since: datetime = FIRST, until: datetime = LAST) -> None:
        self.settings = world.settings()
        self.span = to_micros(since), to_micros(until)
        self.unreadable: list[str] = []

    def size(self) -> int | None:
        return SqlLedgerRecord(open_database(self.settings)).count(*self.span)

    def read(self) -> Iterator[Record]:
        yield TermsRecord.of(self.settings.terms)
        yield from SqlLedgerRecord(open_database(self.settings)).events(*self.span)


def replayed(world: World, rules: Path | None = None, **span: datetime) -> ReplayReport:
    """Judge all that the ledger holds again, by default under the rules it was judged by."""
    book = load_rules(rules or world.rules)
    return replay(LedgerRecords(world, **span), book, "rules", show_ids=True)
