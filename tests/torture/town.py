"""Servers of a run's own, with the processes on them, and every blow that can be dealt to them."""

import secrets
import time
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self
from urllib.parse import quote, urlsplit

import psycopg

from tests.support.postgres import Postgres
from tests.support.processes import start_again
from tests.support.rabbitmq import RabbitMQ
from tests.torture.fleet import Fleet
from tests.torture.plan import SKEWS, Plan, Strike
from tests.torture.rules import reword, write_rules

EVENTS = "torture.lists_changed"
_SETTLE_SECONDS = 180


class Servers(NamedTuple):
    """A PostgreSQL and a RabbitMQ of our own, which may be restarted."""

    postgres: Postgres
    broker: RabbitMQ

    @classmethod
    def start(cls) -> Self:
        """Start both; PostgreSQL waits for the disk at each commit."""
        postgres = start_again(lambda: Postgres.start(durable=True))
        try:
            return cls(postgres, start_again(RabbitMQ.start))
        except BaseException:
            postgres.stop()
            raise

    def stop(self) -> None:
        """Stop both."""
        self.broker.stop()
        self.postgres.stop()


class Town:
    """Replicas of governance and clients on servers that are struck, too, from the first to the last request."""

    def __init__(self, plan: Plan, folder: Path, servers: Servers) -> None:
        self._plan = plan
        self.postgres, self.broker = servers
        self.amqp_url = self.broker.create_vhost()
        mark = secrets.token_hex(4)
        self.database_url = self.postgres.create_database(f"torture_{mark}_governance")
        self.rules = write_rules(folder / "rules", plan)
        self._editions = 1
        hours = f"{plan.life_seconds / 3600:.6f}"
        self.fleet = Fleet(
            folder,
            {
                "BANYAN_AMQP_URL": self.amqp_url,
                "BANYAN_DATABASE_URL": self.postgres.url_of(f"torture_{mark}_{{service}}"),
                "BANYAN_RULES_DIR": str(self.rules),
                "BANYAN_VAR": str(folder / "var"),
                "BANYAN_GOVERNANCE_OUTBOUND_HOURS": hours,
                "BANYAN_GOVERNANCE_INBOUND_MINUTES": f"{plan.life_seconds / 60:.6f}",
                "BANYAN_RETRY_SECONDS": "0.5,1,2,3,4,5,6,7,8,9,10,11,12",
                "BANYAN_LOG": "json",
            },
            is_naive=plan.is_naive,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, fault: BaseException | None, at: TracebackType | None) -> None:
        self.fleet.stop()

    def start(self) -> None:
        """Start replicas and clients."""
        self.fleet.migrate()
        for number in range(self._plan.services):
            self.fleet.start_service(SKEWS[-1 - number % len(SKEWS)])
        self._bind_events()
        self.fleet.await_services()
        plan = self._plan
        scene = {
            "seed": plan.seed,
            "clients": plan.clients,
            "begins_at": round((time.time() + plan.ahead) * 1_000_000),
            "near_seconds": plan.near_seconds,
            "days": plan.days,
            "hot": plan.hot,
            "cold": plan.cold,
        }
        for _ in range(plan.clients):
            self.fleet.start_client(
                {**scene, "amqp_url": self.amqp_url, "share": plan.share, "ahead": float(plan.ahead)}
            )

    def deal(self, strike: Strike) -> bool:
        """Deal a blow; False when there was nobody to hit."""
        fleet = self.fleet
        match strike.blow:
            case "service" | "straggler" | "racer" | "relief":
                fleet.strike_service(strike.target, strike.skew)
            case "relay":
                return fleet.strike_relay(strike.target)
            case "client":
                return fleet.strike_client(strike.target)
            case "database" | "database hard":
                self.postgres.restart(is_hard=strike.blow == "database hard")
            case "broker" | "broker hard":
                self.broker.restart(is_hard=strike.blow == "broker hard")
            case "rules":
                self._editions += 1
                reword(self.rules, self._plan, self._editions)
        return True

    def settle(self) -> None:
        """Wait until governance has nothing left to do and every event is published."""
        deadline = time.monotonic() + _SETTLE_SECONDS
        while any((left := self._backlog()).values()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"still in flight: {left}")
            self.fleet.keep_alive()
            time.sleep(0.3)

    def events(self) -> list[tuple[str, str]]:
        """Return every `lists_changed` that arrived, as event id and body."""
        name = f"/api/queues/{self._vhost}/{quote(EVENTS)}/get"
        ask = {"count": 500, "ackmode": "ack_requeue_false", "encoding": "auto"}
        arrived: list[tuple[str, str]] = []
        while found := self.broker.ask("POST", name, ask):
            arrived += [
                (str(one["properties"]["headers"]["banyan.event_id"]), str(one["payload"]))
                for one in found  # type: ignore[attr-defined]  # JSON of the management's
            ]
        return arrived

    def parked(self) -> dict[str, int]:
        """Return dead letters by queue."""
        return {name: count for name, count in self._queues().items() if name.startswith("dead.") and count}

    def _bind_events(self) -> None:
        """Have a durable queue collect what governance tells."""
        self.broker.ask("PUT", f"/api/exchanges/{self._vhost}/governance.events", {"type": "topic", "durable": True})
        self.broker.ask("PUT", f"/api/queues/{self._vhost}/{EVENTS}", {"durable": True})
        binding = {"routing_key": "lists_changed"}
        self.broker.ask("POST", f"/api/bindings/{self._vhost}/e/governance.events/q/{EVENTS}", binding)

    def _backlog(self) -> dict[str, int]:
        queues = self._queues()
        waiting = {
            name: count
            for name, count in queues.items()
            if name.startswith(("rpc-governance", "banyan.retry")) or "--governance_bulk." in name
            if not name.startswith("dead.")
        }
        with psycopg.connect(self.database_url) as connection:
            row = connection.execute("SELECT count(*) FROM outbox").fetchone()
        return {**waiting, "outbox": int(row[0]) if row else 0}

    def _queues(self) -> dict[str, int]:
        queues = self.broker.ask("GET", f"/api/queues/{self._vhost}?columns=name,messages")
        return {str(one["name"]): int(one.get("messages") or 0) for one in queues}  # type: ignore[attr-defined]  # JSON of the management's

    @property
    def _vhost(self) -> str:
        return urlsplit(self.amqp_url).path.lstrip("/")
