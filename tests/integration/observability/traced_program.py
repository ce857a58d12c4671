"""All services in one process with traces on: a run of campaigns and a visit, each in a trace of the caller's."""

# ruff: noqa: E402 - eventlet must patch the process before anything else is imported
from shared.messaging.green import go_green

go_green()

import json
import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from services.workbench import province
from services.workbench.suite import EmbeddedSuite
from shared.kernel.clock import SteeredClock
from shared.observability.correlation import TRACEPARENT, carrying
from shared.observability.tracing import start_tracing, stop_tracing
from tests.support.rehearsal import RULES, offerings, plans

CASE = "crbt-potential"
SUBSCRIBERS = 200


class Operator:
    """Asks the embedded services, each time in the trace it is told."""

    def __init__(self, suite: EmbeddedSuite) -> None:
        self._suite = suite

    def ask(self, trace: int, service: str, method: str, **arguments: object) -> Any:
        with carrying({TRACEPARENT: f"00-{trace:032x}-00f067aa0ba902b7-01"}):
            return self._suite.caller.call(service, method, arguments, object, 60)

    def prepare(self) -> list[str]:
        """Load subscribers and launch a campaign, in trace 1; return their ids."""
        subscribers = msgspec.to_builtins(list(province.subscribers(7, SUBSCRIBERS)))
        self.ask(1, "catalogue_bulk", "upsert_offerings", offerings=offerings())
        self.ask(1, "customer_view_bulk", "upsert_customers", customers=subscribers)
        self._suite.settle()
        [plan] = plans([CASE])
        self.ask(1, "campaigns", "draft", plan=plan)
        status = self.ask(1, "campaigns", "submit", campaign_id=CASE)
        while level := status["awaiting_level"]:
            status = self.ask(1, "campaigns", "approve", campaign_id=CASE, level=level, approver="anna")
        self.ask(1, "campaigns", "launch", campaign_id=CASE)
        self._suite.settle()
        return [each["customer_id"] for each in subscribers]

    def visit(self, customer_id: str, trace: int) -> bool:
        """Advise a visitor and note a refusal; tell whether there was anything to offer."""
        asked = {"customer_id": customer_id, "channel": "hotline", "context": {"request_id": customer_id}}
        offers = self.ask(trace, "campaigns", "recommend", **asked)["offers"]
        if offers:
            said = {"outcome": "refused"}
            self.ask(trace, "campaigns", "respond", contact_id=offers[0]["contact_id"], response=said)
        return bool(offers)


def main(var: Path) -> None:
    assert start_tracing(os.environ, "operator")
    clock = SteeredClock(datetime(2026, 3, 2, 2, tzinfo=UTC))
    with EmbeddedSuite(var, RULES, clock, seed=7) as suite:
        operator = Operator(suite)
        customers = operator.prepare()
        for _ in range(3):
            clock.advance(timedelta(hours=24))
            operator.ask(2, "campaigns_bulk", "run_due", until=None)
            suite.settle()
        visited = next(trace for trace, one in enumerate(customers, 3) if operator.visit(one, trace))
        suite.settle()
    stop_tracing()
    print(json.dumps({"prepared": f"{1:032x}", "run": f"{2:032x}", "visit": f"{visited:032x}"}))  # noqa: T201 - the answer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
