"""Orders to test with, and the service put together from fakes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.channels.adapters.simulator import Simulator
from services.channels.application.ports import ChannelAdapter
from services.channels.application.running import Runner
from services.channels.application.translation import order_of
from services.channels.application.use_cases import UseCases
from services.channels.domain.order import Order
from services.channels.domain.progress import Progress, Standing, beginning
from services.channels.domain.sending import Sent
from services.channels.domain.words import Channel
from shared.contracts.channels import DispatchOrder
from shared.contracts.governance import Verdict, VerdictWord
from shared.contracts.wire import CHANNELS, Reason
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Unavailable

NINE = datetime(2026, 3, 2, 1, tzinfo=UTC)
"""Nine in the morning in Fujian."""


def asked(contact_id: str = "c1", **changes: Any) -> DispatchOrder:
    """Return an order as campaigns sends it, planned for nine and alive for two days."""
    values: dict[str, Any] = {
        "contact_id": contact_id,
        "customer_id": f"customer-of-{contact_id}",
        "campaign_id": "crbt-reactivation",
        "cell": "call",
        "offering_id": "crbt-music-box",
        "channel": "outbound_call",
        "script_zh": "您好",
        "script_en": "Hello",
        "planned_at": NINE,
        "expires_at": NINE + timedelta(days=2),
    }
    return DispatchOrder(**(values | changes))


def ordered(contact_id: str = "c1", **changes: Any) -> Order:
    """Return the same as the domain sees it."""
    return order_of(asked(contact_id, **changes))


def standing(order: Order, **changes: Any) -> Standing:
    """Return an order at its beginning, or as far as `changes` say."""
    begun = beginning(order)
    values = {name: getattr(begun, name) for name in Progress.__slots__}
    return Standing(order, Progress(**(values | changes)))


@dataclass
class FakeStore:
    """Keeps orders in memory, with whole-or-nothing units; `events` is the outbox, by (type, key)."""

    standings: dict[str, Standing] = field(default_factory=dict)
    events: dict[tuple[str, str], msgspec.Struct] = field(default_factory=dict)

    @contextmanager
    def unit(self) -> Iterator["FakeUnit"]:
        kept = dict(self.standings), dict(self.events)
        try:
            yield FakeUnit(self)
        except BaseException:
            self.standings, self.events = kept
            raise

    def due(self, until: datetime, machine_now: datetime, limit: int, *, only_sent: bool = False) -> list[Standing]:
        found = _due(self.standings.values(), until, machine_now)
        return [item for item in found if item.progress.state == "sent" or not only_sent][:limit]

    def worklist(self, channel: Channel, now: datetime, limit: int) -> list[Standing]:
        found = [
            item
            for item in self.standings.values()
            if item.order.channel == channel
            and item.progress.state in {"waiting", "listed"}
            and item.order.planned_at <= now <= item.order.expires_at
        ]
        return sorted(found, key=lambda item: (item.order.planned_at, item.order.contact_id))[:limit]


def _id(item: Standing) -> str:
    return item.order.contact_id


def _due(items: Iterable[Standing], until: datetime, machine_now: datetime) -> list[Standing]:
    def key(item: Standing) -> tuple[datetime, str]:
        assert item.progress.due_at is not None
        return item.progress.due_at, item.order.contact_id

    found = [
        item
        for item in items
        if item.progress.due_at is not None
        and item.progress.due_at <= until
        and (item.progress.leased_until is None or item.progress.leased_until <= machine_now)
    ]
    return sorted(found, key=key)


@dataclass
class FakeGovernance:
    """Permits all but those whose id has a rule under `suppressed`; `is_silent` stands for one that does not answer."""

    suppressed: dict[str, str] = field(default_factory=dict)
    is_silent: bool = False
    asked: list[list[str]] = field(default_factory=list)

    def recheck(self, contact_ids: Sequence[str]) -> list[Verdict]:
        self.asked.append(list(contact_ids))
        if self.is_silent:
            raise Unavailable("governance_bulk.recheck did not answer within 30 s")
        return [self._verdict(contact_id) for contact_id in contact_ids]

    def _verdict(self, contact_id: str) -> Verdict:
        rule = self.suppressed.get(contact_id)
        reasons = [] if rule is None else [Reason(rule_id=rule, rule_version="1", text=f"{rule} 不予 / {rule} says no")]
        word: VerdictWord = "suppress" if reasons else "permit"
        return Verdict(contact_id=contact_id, verdict=word, reasons=reasons, next_allowed_at=None, expires_at=None)


@dataclass
class FakeUnit:
    """One transaction on the fake."""

    store: FakeStore

    def take(self, orders: Sequence[Order]) -> None:
        for order in orders:
            self.store.standings.setdefault(order.contact_id, Standing(order, beginning(order)))

    def due(self, contact_ids: Sequence[str], until: datetime, machine_now: datetime) -> list[Standing]:
        return [item for item in _due(self.store.standings.values(), until, machine_now) if _id(item) in contact_ids]

    def workable(self, contact_ids: Sequence[str]) -> list[Standing]:
        found = [item for name, item in self.store.standings.items() if name in contact_ids]
        return [item for item in found if item.progress.state in {"waiting", "listed"}]

    def held(self, lease: str) -> list[Standing]:
        return [item for item in self.store.standings.values() if item.progress.lease == lease]

    def one(self, contact_id: str) -> Standing | None:
        return self.store.standings.get(contact_id)

    def save(self, standings: Sequence[Standing]) -> None:
        self.store.standings |= {item.order.contact_id: item for item in standings}

    def tell(self, event_type: str, event: msgspec.Struct, *, at: datetime, key: str) -> None:
        assert at.tzinfo is not None
        self.store.events.setdefault((event_type, key), event)


@dataclass
class Rig:
    """The use cases over fakes, with both clocks in hand."""

    store: Any = field(default_factory=FakeStore)
    adapters: Mapping[Channel, ChannelAdapter] = field(
        default_factory=lambda: dict.fromkeys(CHANNELS, Simulator("seed"))
    )
    clock: SteeredClock = field(default_factory=lambda: SteeredClock(NINE - timedelta(hours=1)))
    machine_clock: SteeredClock = field(default_factory=lambda: SteeredClock(NINE))
    governance: FakeGovernance = field(default_factory=FakeGovernance)
    is_timed: bool = False
    leases: int = 0

    @property
    def use(self) -> UseCases:
        runner = Runner(
            store=self.store,
            adapters=self.adapters,
            governance=self.governance,
            clock=self.clock,
            machine_clock=self.machine_clock,
            new_lease=self._new_lease,
            breathe=lambda: None,
        )
        return UseCases(self.store, runner, self.governance, self.clock, is_timed=self.is_timed)

    def _new_lease(self) -> str:
        self.leases += 1
        return f"lease-{self.leases}"

    def told(self, event_type: str) -> list[Any]:
        """Return all items of the events of one type."""
        name = {"contacts_sent": "contacts", "contacts_failed": "contacts", "outcomes_recorded": "outcomes"}[event_type]
        return [
            item
            for (kind, _), event in self.store.events.items()
            if kind == event_type
            for item in getattr(event, name)
        ]


@dataclass
class Gateway:
    """An external channel that does as told: `verdicts` by contact id, else sent; `crash` dies after sending."""

    external: bool = True
    simulated: bool = False
    verdicts: dict[str, Any] = field(default_factory=dict)
    received: list[str] = field(default_factory=list)
    crash: bool = False

    def send(self, orders: Sequence[Order], now: datetime) -> list[Any]:
        self.received += [order.contact_id for order in orders]
        if self.crash:
            raise KilledError
        return [self.verdicts.get(order.contact_id) or Sent(order.contact_id, now) for order in orders]

    def answers(self, orders: Sequence[Order]) -> list[Any]:
        assert orders is not None
        return []


class KilledError(BaseException):
    """Stands for SIGKILL: nothing in the code under test may catch it."""
