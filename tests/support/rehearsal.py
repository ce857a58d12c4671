"""Drive a deployment through pika alone, as an integrator would: load, launch, let days pass, read everything back."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import msgspec
import yaml

from services.workbench import province
from shared.kernel.faults import Fault, Unavailable
from shared.messaging.client import BanyanClient
from tests.support.deployment import Deployment

RULES = Path(__file__).parents[2] / "rules"
PAGE = 2_000
_TIMEOUT = 60.0
_RETRY_SECONDS = 0.5
_TRIES = 60


def pages(items: Iterable[Any], size: int = PAGE) -> Iterator[list[Any]]:
    stream = iter(items)
    while page := list(islice(stream, size)):
        yield page


def plans(names: Sequence[str] | None = None) -> list[dict[str, Any]]:
    """Read the campaign plans of `rules/campaigns` as an integrator would send them: plain JSON."""
    found = [yaml.safe_load(path.read_text("utf-8")) for path in sorted(RULES.glob("campaigns/*/plan.yaml"))]
    return [msgspec.to_builtins(plan) for plan in found if names is None or plan["campaign"] in names]


def offerings() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for path in sorted(RULES.glob("catalogue/*.yaml")):
        found += yaml.safe_load(path.read_text("utf-8"))
    return msgspec.to_builtins(found)


class Operator:
    """The operator's side of the bus: loads what BOSS knows, launches cases, asks for what is due."""

    def __init__(self, deployment: Deployment, client: BanyanClient, *, besides: tuple[str, ...] = ()) -> None:
        """Prepare; `besides` names what queues begin with that somebody else looks after."""
        self._deployment = deployment
        self._client = client
        self._besides = besides

    def ask(self, service: str, method: str, **arguments: object) -> Any:
        return self._client.call(service, method, timeout=_TIMEOUT, **arguments)

    def insist(self, service: str, method: str, **arguments: object) -> Any:
        """Ask again while the service is unavailable: what everybody must do whose call may have been cut short."""
        for _ in range(_TRIES):
            try:
                return self.ask(service, method, **arguments)
            except Unavailable:
                time.sleep(_RETRY_SECONDS)
            except Fault as fault:
                if fault.code != "unavailable":
                    raise
                time.sleep(_RETRY_SECONDS)
        msg = f"{service}.{method} stayed unavailable"
        raise TimeoutError(msg)

    def load(self, size: int, *, seed: int = 7) -> None:
        """Put offerings, `size` generated subscribers and their lists in."""
        self.ask("catalogue_bulk", "upsert_offerings", offerings=offerings())
        for page in pages(province.subscribers(seed, size)):
            result = self.ask("customer_view_bulk", "upsert_customers", customers=msgspec.to_builtins(page))
            assert result["faults"] == []
        by_list: dict[str, list[object]] = {}
        for name, entry in province.lists(seed, size):
            by_list.setdefault(name, []).append(msgspec.to_builtins(entry))
        for name, entries in by_list.items():
            for page in pages(entries):
                self.ask("governance_bulk", "list_put", list=name, entries=page)
        self._deployment.settle(besides=self._besides)

    def launch(self, cases: Iterable[dict[str, Any]]) -> None:
        """Take cases from draft through all approvals to live."""
        for plan in cases:
            name = plan["campaign"]
            self.ask("campaigns", "draft", plan=plan)
            status = self.ask("campaigns", "submit", campaign_id=name)
            while status["awaiting_level"]:
                level = status["awaiting_level"]
                status = self.ask("campaigns", "approve", campaign_id=name, level=level, approver="e2e")
            assert self.ask("campaigns", "launch", campaign_id=name)["state"] == "live"
        self._deployment.settle(besides=self._besides)

    def live_through(self, moments: Iterable[datetime], *, at_step: Callable[[int], None] = lambda _step: None) -> None:
        """Move the clock from moment to moment and let everything due happen; `at_step` may do mischief before it."""
        for number, moment in enumerate(moments):
            self._deployment.move_clock(moment)
            until = moment.isoformat()
            at_step(number)
            self.insist("campaigns_bulk", "run_due", until=until)
            self._deployment.settle(besides=self._besides)
            self.insist("channels_bulk", "run_due", until=until)
            self._deployment.settle(besides=self._besides)

    def contacts(self) -> list[dict[str, Any]]:
        """Return every permitted contact."""
        return [contact for page in self._all("contacts_page") for contact in page["contacts"]]

    def suppressions(self) -> list[dict[str, Any]]:
        """Return every contact that was not made."""
        return [row for page in self._all("suppressions_page") for row in page["suppressions"]]

    def _all(self, method: str) -> Iterator[dict[str, Any]]:
        after: str | None = ""
        while after is not None:
            page = self.ask("campaigns_bulk", method, after=after, limit=PAGE)
            yield page
            after = page["next_after"]
