"""One order from the counter to CRM and ISMP, step by step, through a deployment and a running sandbox."""

import time
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from services.workbench.registry import CONTAINERS
from services.workbench.sandbox import walk_plan
from shared.kernel.faults import Fault, Unavailable

_ZONE = ZoneInfo("Asia/Shanghai")
_TIMEOUT = 60.0
_GLANCE_SECONDS = 1.0
_AGAIN = frozenset({"unavailable", "expired"})
T = TypeVar("T")


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a walk: what it was, whether it went well, what was seen or is wrong, and what to do."""

    step: str
    is_well: bool
    seen: str
    advice: str = ""


class Caller(Protocol):
    """What is needed of the operator's client."""

    def call(self, service: str, method: str, *, timeout: float = 30.0, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        """Return the answer; raises a Fault."""
        ...


class Controls(Protocol):
    """What is needed of the sandbox's controls."""

    url: str

    def health(self) -> None:
        """Return when the sandbox answers; raises Unavailable."""
        ...

    def rows(self, kind: str, *, only: str = "", limit: int = 100) -> list[dict[str, Any]]:
        """Return the newest orders, messages or calls."""
        ...


class _Stuck(Exception):  # noqa: N818 - a step that did not come about; its words are for the report
    def __init__(self, seen: str, advice: str) -> None:
        super().__init__(seen)
        self.advice = advice


class Walk:
    """Takes one run; `patience` is how many seconds each step may wait for others to have heard of the last.

    `on` is the day on which the services' clock stands, where somebody steers it; otherwise it is today.
    """

    def __init__(
        self,
        caller: Caller,
        sandbox: Controls,
        run: str,
        *,
        patience: float = 60,
        on: date | None = None,
        wait: Callable[[float], object] = time.sleep,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._caller, self._sandbox, self._run = caller, sandbox, run
        self._patience, self._wait, self._now = patience, wait, now
        self._on = on or datetime.now(_ZONE).date()
        self._customer_id = self._contact_id = ""

    def steps(self) -> Iterator[Step]:
        """Yield each step when it is done; the first that is not well is the last, but for the tidying up."""
        is_launched = False
        for name, act, advice in self._acts():
            step = self._tried(name, act, advice)
            yield step
            if not step.is_well:
                break
            is_launched = is_launched or act == self._launch
        if is_launched:
            yield self._tried("收尾 · campaign stopped", self._stop, "banyan campaigns shows where it stands")

    def _acts(self) -> list[tuple[str, Callable[[], str], str]]:
        serve = "Start it: `banyan sandbox serve`; BANYAN_SANDBOX_URL names it."
        bus = "`banyan status` asks all services; BANYAN_AMQP_URL names the bus (the operator's user)."
        calls = "`banyan sandbox calls` shows what was answered; campaigns asks again for an open order after an hour."
        data = "The walk needs the facts handset_brand and products (with crbt) in rules/vocabulary.yaml."
        return [
            ("沙箱在线 · sandbox answers", self._find_sandbox, serve),
            ("各服务在线 · services answer", self._find_services, bus),
            ("产品入库 · offering told", self._offer, bus),
            ("客户入库 · subscribers sent", self._send_walkers, data),
            ("活动上线 · campaign launched", self._launch, data),
            ("柜台推荐 · recommended at the counter", self._recommend, "The log of campaigns has the cause."),
            ("客户接受 · offer accepted", self._accept, "The log of campaigns has the cause."),
            ("订单到达 CRM 与 ISMP · order arrived in both", self._watch_order, calls),
            ("客户持有产品 · product held", self._watch_product, "`banyan dead-letters list` shows parked events."),
        ]

    def _tried(self, name: str, act: Callable[[], str], advice: str) -> Step:
        try:
            return Step(step=name, is_well=True, seen=act())
        except _Stuck as stuck:
            return Step(step=name, is_well=False, seen=str(stuck), advice=stuck.advice)
        except Fault as fault:
            more = " `banyan status` asks all services whether they are well." if fault.code in _AGAIN else ""
            return Step(step=name, is_well=False, seen=f"{fault.code}: {fault.message}", advice=advice + more)

    def _find_sandbox(self) -> str:
        self._sandbox.health()
        return self._sandbox.url

    def _find_services(self) -> str:
        for container in CONTAINERS:
            self._until(partial(self._ask, container, "ping"), f"{container} does not answer")
        return f"{len(CONTAINERS)} containers"

    def _offer(self) -> str:
        faults = self._ask("catalogue_bulk", "upsert_offerings", offerings=[walk_plan.offering()])["faults"]
        _complain(faults)
        return walk_plan.OFFERING

    def _send_walkers(self) -> str:
        walkers = walk_plan.walkers(self._run)
        _complain(self._ask("customer_view_bulk", "upsert_customers", customers=walkers)["faults"])
        return f"{len(walkers)} × {walkers[0]['customer_id'][:-2]}…"

    def _launch(self) -> str:
        name = walk_plan.campaign_of(self._run)
        plan = walk_plan.plan(self._run, self._on)
        # Campaigns hears of the offering by event: until then a plan that names it is refused.
        self._until(lambda: self._ask("campaigns", "draft", plan=plan), "the plan is refused", ("unknown_offering",))
        status = self._ask("campaigns", "submit", campaign_id=name)
        while status["awaiting_level"]:
            level = status["awaiting_level"]
            status = self._ask("campaigns", "approve", campaign_id=name, level=level, approver="sandbox walk")
        self._ask("campaigns", "launch", campaign_id=name)
        return name

    def _recommend(self) -> str:
        """Ask for one walker after another until the run has placed them; a few are control and get no offer."""
        return self._until(self._one_recommendation, "nobody got an offer")

    def _one_recommendation(self) -> str:
        self._ask("campaigns_bulk", "run_due", until=None)
        reasons: set[str] = set()
        for walker in walk_plan.walkers(self._run):
            name = walker["customer_id"]
            # A new id each time: the same one would be answered as before, with what was known then.
            context = {"request_id": f"sandbox-{name}-{self._now()}", "limit": 3}
            advice = self._ask("campaigns", "recommend", customer_id=name, channel="hall", context=context)
            reasons |= {reason["text"] for one in advice["withheld"] for reason in one["reasons"]}
            for offer in advice["offers"]:
                if offer["offering_id"] == walk_plan.OFFERING:
                    self._customer_id, self._contact_id = name, offer["contact_id"]
                    return f"{name}: {offer['name']} ({offer['contact_id']})"
        told = "; ".join(sorted(reasons)) or "no member of the campaign is among them yet"
        raise Unavailable(f"no offer: {told}")

    def _accept(self) -> str:
        answer = {"outcome": "accepted", "detail": "sandbox walk"}
        record = self._ask("campaigns", "respond", contact_id=self._contact_id, response=answer)
        return f"{record['contact_id']} {record['outcome']}"

    def _watch_order(self) -> str:
        return self._until(self._order_in_both, "the order did not arrive")

    def _order_in_both(self) -> str:
        try:
            self._ask("campaigns_bulk", "run_due", until=None)
        except Fault as fault:
            if fault.code not in _AGAIN:
                raise  # otherwise another run is under way, and carries the order out
        found = {row["system"]: row["state"] for row in self._sandbox.rows("orders", only=self._contact_id)}
        if found == {"crm": "done", "ismp": "done"}:
            return f"{self._contact_id}: crm done, ismp done"
        refused = [system for system, state in found.items() if state in {"refused", "cancelled"}]
        if refused:
            advice = "As it was told to: `banyan sandbox behave all` makes every system well-behaved again."
            raise _Stuck(f"{found}", advice)
        if not found and walk_plan.PRODUCT in self._held():
            advice = (
                "Give campaigns BANYAN_FULFILMENT=http, BANYAN_CRM_URL=…/crm, BANYAN_ISMP_URL=…/ismp and restart it."
            )
            raise _Stuck("campaigns carried the order out without the sandbox", advice)
        raise Unavailable(f"in the sandbox: {found or 'nothing'}")

    def _watch_product(self) -> str:
        def look() -> str:
            if walk_plan.PRODUCT not in self._held():
                raise Unavailable(f"customer_view does not know that {self._customer_id} holds {walk_plan.PRODUCT}")
            return f"{self._customer_id} holds {walk_plan.PRODUCT}"

        return self._until(look, "customer_view did not hear of it")

    def _stop(self) -> str:
        return str(self._ask("campaigns", "stop", campaign_id=walk_plan.campaign_of(self._run))["state"])

    def _held(self) -> list[str]:
        customer = self._ask("customer_view", "get_customer", customer_id=self._customer_id)
        return list(customer["facts"].get("products") or [])

    def _ask(self, service: str, method: str, **arguments: object) -> Any:  # noqa: ANN401 - JSON
        return self._caller.call(service, method, timeout=_TIMEOUT, **arguments)

    def _until(self, act: Callable[[], T], complaint: str, codes: tuple[str, ...] = ()) -> T:
        """Try until it comes about; raises Unavailable with the last reason when patience is over."""
        until = self._now() + self._patience
        while True:
            try:
                return act()
            except Fault as fault:
                if fault.code not in {*_AGAIN, "not_found", "unknown_customer", *codes}:
                    raise
                if self._now() > until:
                    message = f"{complaint} within {self._patience:g} s: {fault.message}"
                    raise Unavailable(message, details=fault.details) from None
            self._wait(_GLANCE_SECONDS)


def _complain(faults: list[dict[str, Any]]) -> None:
    if faults:
        first = faults[0]
        raise Unavailable(f"{first['field']}: {first['message']}", details={"field": first["field"]})
