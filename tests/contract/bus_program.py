"""Runs all services on the embedded bus, asks and tells a little of everything, and writes down every message."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import base64
import json
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.workbench import province
from services.workbench.suite import EmbeddedSuite
from shared.kernel.clock import SteeredClock
from shared.kernel.faults import Fault
from shared.messaging.memory import Channel
from tests.support.rehearsal import RULES, offerings, plans

NOW = datetime(2026, 3, 2, 2, tzinfo=UTC)
SUBSCRIBERS = 200
CASE = "crbt-potential"


def record(messages: list[dict[str, Any]]) -> None:
    """Note whatever is published from now on."""
    publish = Channel.basic_publish

    def noted(self: Channel, message: Any, exchange: str = "", routing_key: str = "", **options: Any) -> None:
        body = message["body"]
        messages.append(
            {
                "exchange": exchange,
                "routing_key": routing_key,
                "headers": dict(message["headers"]),
                "properties": {key: value for key, value in message["properties"].items() if isinstance(value, str)},
                "content_encoding": message["content-encoding"],
                "body": base64.b64encode(body.encode() if isinstance(body, str) else bytes(body)).decode(),
            }
        )
        publish(self, message, exchange, routing_key, **options)

    Channel.basic_publish = noted  # type: ignore[method-assign]  # the only place through which all messages pass


class Everything:
    """Asks the services."""

    def __init__(self, suite: EmbeddedSuite, clock: SteeredClock) -> None:
        self.suite, self.clock = suite, clock

    def ask(self, service: str, method: str, **arguments: object) -> Any:
        return self.suite.caller.call(service, method, arguments, object)

    def fail(self, service: str, method: str, **arguments: object) -> None:
        try:
            self.ask(service, method, **arguments)
        except Fault:
            return
        msg = f"{service}.{method} was expected to fail"
        raise AssertionError(msg)

    def load(self) -> None:
        self.ask("catalogue_bulk", "upsert_offerings", offerings=offerings())
        self.ask("catalogue", "list_offerings", filters={"bundles": True})
        page = msgspec.to_builtins(list(province.subscribers(7, SUBSCRIBERS)))
        self.ask("customer_view_bulk", "upsert_customers", customers=page)
        self.customers = [each["customer_id"] for each in page]
        entry = {"customer_id": page[1]["customer_id"], "reason": "asked", "source": "hotline", "author": "anna"}
        self.ask("governance", "list_put", list="black", entries=[entry])
        self.ask("governance_bulk", "list_read", list="black", after="", limit=10)
        self.suite.settle()

    def launch(self) -> None:
        [plan] = plans([CASE])
        self.ask("campaigns", "draft", plan=plan)
        status = self.ask("campaigns", "submit", campaign_id=CASE)
        while level := status["awaiting_level"]:
            status = self.ask("campaigns", "approve", campaign_id=CASE, level=level, approver="anna")
        self.ask("campaigns", "launch", campaign_id=CASE)
        self.suite.settle()

    def live(self, hours: int, step: int) -> None:
        for _ in range(0, hours, step):
            self.clock.advance(timedelta(hours=step))
            self.ask("campaigns_bulk", "run_due", until=None)
            self.suite.settle()
            self.ask("channels_bulk", "run_due", until=self.clock.now())
            self.suite.settle()

    def reserve(self) -> None:
        request: Mapping[str, object] = {
            "contact_id": "one",
            "customer_id": "outside",
            "channel": "sms",
            "campaign_id": "crm-spring",
            "offering_id": "newspaper",
            "category": "newspaper",
            "purpose": "marketing",
            "direction": "outbound",
            "planned_at": self.clock.now() + timedelta(hours=1),
        }
        self.ask("governance", "reserve", requests=[request])
        self.ask("governance", "recheck", contact_ids=["one"])
        self.ask("governance", "confirm", contact_ids=["one", "nobody"])
        self.ask("governance", "explain", contact_id="one")
        self.ask("governance", "subscriber_export", customer_id="outside", author="anna")
        self.ask("governance_bulk", "check", requests=[{**request, "contact_id": "two", "channel": "pigeon"}])

    def visit(self) -> None:
        for customer in self.customers:
            context = {"request_id": f"visit of {customer}", "limit": 2}
            asked = {"customer_id": customer, "channel": "hotline", "context": context}
            if offers := self.ask("campaigns", "recommend", **asked)["offers"]:
                break
        self.ask("campaigns", "respond", contact_id=offers[0]["contact_id"], response={"outcome": "refused"})
        self.ask("campaigns", "story", customer_id=customer)
        self.ask("customer_view", "get_customer", customer_id=customer)

    def read(self) -> None:
        for method in ("contacts_page", "suppressions_page", "decisions_page"):
            self.ask("campaigns_bulk", method, after="", limit=20)
        self.ask("campaigns_bulk", "evaluate", campaign_id=CASE)
        self.ask("channels", "worklist", channel="hall", limit=5)
        self.ask("channels", "ping")

    def err(self) -> None:
        self.fail("governance", "explain", contact_id="nobody")
        self.fail("customer_view", "get_customer", customer_id="nobody")
        self.fail("catalogue", "list_offerings", filters={"colour": "red"})
        self.fail("campaigns", "launch", campaign_id="nobody")
        self.fail("campaigns", "dance")


def main(var: Path) -> None:
    messages: list[dict[str, Any]] = []
    clock = SteeredClock(NOW)
    record(messages)
    with EmbeddedSuite(var, RULES, clock, seed=7) as suite:
        everything = Everything(suite, clock)
        everything.load()
        everything.launch()
        everything.live(hours=72, step=24)
        everything.reserve()
        everything.visit()
        everything.read()
        everything.err()
        suite.settle()
    (var / "messages.json").write_text(json.dumps(messages), "utf-8")


main(Path(sys.argv[1]))
