"""Campaigns again and again: undisturbed, then with somebody struck in every step; the end is the same."""

import random
import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from services.workbench import province
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from tests.chaos.account import Account
from tests.chaos.plan import Plan
from tests.chaos.prober import Prober
from tests.chaos.repeats import repeat_events
from tests.chaos.town import MORNING, Town
from tests.chaos.witness import Witness
from tests.support.deployment import Deployment
from tests.support.rehearsal import Operator, offerings, pages, plans
from tests.torture.town import Servers

EVENING_BEFORE = MORNING - timedelta(hours=15)
_VICTIMS = ("broker", "governance", "database", "campaigns", "channels", "customer_view", "catalogue")
_STEPS = 100  # more than there are
_RESTART_SECONDS = 0.5
_FACTS = ("contact_id", "customer_id", "campaign_id", "channel", "planned_at", "contacted_at", "outcome", "state")


@dataclass(slots=True)
class Outcome:
    """What is left at the end, as values that can be compared, and how long each step took."""

    facts: dict[str, list[Any]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)


Blow = tuple[str, float] | None
"""Who is ended by SIGKILL (the database: as hard as that), and after which part of the step."""


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One run through all steps; `blow_for(number of the step)` says who is struck in it."""

    town: Town
    moments: tuple[datetime, ...]
    blow_for: Callable[[int], Blow]
    usual: Mapping[str, float]

    def run(self) -> Outcome:
        """Go through all steps and read everything back."""
        outcome = Outcome()
        with ThreadPoolExecutor(1) as pool:
            for number, (name, step) in enumerate(self._steps()):
                blow = self.blow_for(number)
                begun = time.monotonic()
                striking = pool.submit(self._strike, *blow, self.usual.get(name, 1.0)) if blow else None
                step()
                outcome.seconds[name] = time.monotonic() - begun
                if blow and striking:
                    striking.result()
                    outcome.kills[f"{blow[0]} in {name.split(' ')[0]}"] += 1
                self.town.deployment.settle(240, besides=("chaos-",))
        outcome.facts = self._facts()
        return outcome

    def _steps(self) -> Iterator[tuple[str, Callable[[], object]]]:
        town = self.town
        yield "catalogue", partial(town.insist, "catalogue_bulk", "upsert_offerings", offerings=offerings())
        for number, page in enumerate(pages(province.subscribers(7, town.plan.subscribers), 500)):
            customers = msgspec.to_builtins(page)
            yield f"load {number}", partial(town.insist, "customer_view_bulk", "upsert_customers", customers=customers)
        yield "lists", self._lists
        cases = plans()
        yield "draft", lambda: [town.insist("campaigns", "draft", plan=plan) for plan in cases]
        for action in ("submit", "approve", "launch"):
            yield action, partial(self._each, cases, action)
        for number, moment in enumerate(self.moments):
            town.deployment.move_clock(moment)
            until = moment.isoformat()
            yield f"run {number}", partial(town.insist, "campaigns_bulk", "run_due", until=until)
            yield f"contact {number}", partial(town.insist, "channels_bulk", "run_due", until=until)
        # A run that was cut short begins again when its lease has lapsed, and finds answers that came meanwhile: what
        # one rehearsal carries out then, another does only in its next run.
        yield "finish", partial(town.insist, "campaigns_bulk", "run_due", until=self.moments[-1].isoformat())
        yield "evaluate", lambda: [self._evaluated(plan["campaign"]) for plan in cases]

    def _lists(self) -> None:
        for name, entry in province.lists(7, self.town.plan.subscribers):
            self.town.insist("governance_bulk", "list_put", list=name, entries=[msgspec.to_builtins(entry)])

    def _each(self, cases: list[dict[str, Any]], action: str) -> None:
        """Do it with every case, unless an attempt that was cut short has done it already."""
        for plan in cases:
            name = plan["campaign"]
            while True:
                status: Any = self.town.insist("campaigns", "status", campaign_id=name)
                wanted = {"submit": "draft", "launch": "approved"}.get(action)
                if action == "approve" and status["awaiting_level"]:
                    extra = {"level": status["awaiting_level"], "approver": "chaos"}
                elif status["state"] == wanted:
                    extra = {}
                else:
                    break
                try:
                    self.town.insist("campaigns", action, campaign_id=name, **extra)
                except Fault as fault:  # done by an attempt whose answer was lost
                    if fault.code != "not_allowed":
                        raise

    def _evaluated(self, name: str) -> object:
        return self.town.insist("campaigns_bulk", "evaluate", campaign_id=name)

    def _facts(self) -> dict[str, list[Any]]:
        town = self.town
        contacts = town.operator.contacts()
        query = town.deployment.query
        return {
            "contacts": sorted(tuple(str(one[name]) for name in _FACTS) for one in contacts),
            "ledger": sorted(query("governance", "SELECT contact_id, state, channel, planned_at FROM contact")),
            "orders to channels": sorted(query("channels", "SELECT contact_id FROM dispatch_order")),
            "sales orders": sorted(query("campaigns", "SELECT contact_id, state FROM sales_order")),
            "evaluations": [_without_time(self._evaluated(plan["campaign"])) for plan in plans()],
        }

    def _strike(self, name: str, part: float, usual: float) -> None:
        """End somebody after that part of what the step usually takes, and see to it that it is back."""
        time.sleep(usual * part)
        if name == "broker":
            self.town.servers.broker.restart(is_hard=True)
        elif name == "database":
            self.town.servers.postgres.restart(is_hard=True)
        else:
            process = next(one for one in self.town.deployment.processes if name in one.split("+"))
            self.town.deployment.kill(process)
            time.sleep(_RESTART_SECONDS)
            self.town.deployment.restart(process)


def rehearse(servers: Servers, folder: Path, plan: Plan, account: Account, say: Callable[[str], None]) -> None:
    """Compare disturbed rehearsals with an undisturbed one; in the long run everybody is struck in every step once."""
    chance = random.Random(plan.seed)
    moments = tuple(MORNING + timedelta(days=day, hours=hour) for day in range(plan.days) for hour in plan.hours)
    with _deployed(servers, folder, plan, account, say) as town:
        calm = Rehearsal(town, moments, lambda _: None, {}).run()
        say(f"undisturbed: {len(calm.facts['contacts'])} contacts")
        repeat_events(town, chance)
    account.note("contacts, orders to fulfilment", f"{len(calm.facts['contacts'])}, {len(calm.facts['sales orders'])}")
    account.require(len(calm.facts["contacts"]) > plan.subscribers // 20, "too few contacts to show anything")
    kills: Counter[str] = Counter()
    for number in range(plan.rehearsals):
        blows = _blows(chance, number, plan.strike_every)
        with _deployed(servers, folder, plan, account, say) as town:
            struck = Rehearsal(town, moments, blows.get, calm.seconds).run()
            lost = town.witness.lost()
        kills += struck.kills
        say(f"rehearsal {number}: {struck.kills.total()} kills")
        account.require(not lost, f"rehearsal {number}: {len(lost)} events lost: {lost[:3]}")
        for what, facts in struck.facts.items():
            account.require(facts == calm.facts[what], f"rehearsal {number}: {what}: {_apart(calm.facts[what], facts)}")
    account.note("kills", kills.total())
    account.note("kills by step", ", ".join(f"{name} {count}" for name, count in sorted(kills.items())))


def _blows(chance: random.Random, number: int, every: int) -> dict[int, Blow]:
    """Return who is struck in which step of a rehearsal: each time somebody else."""
    blows: dict[int, Blow] = {}
    for place, step in enumerate(range(every - 1, _STEPS, every)):
        blows[step] = (_VICTIMS[(place + number) % len(_VICTIMS)], chance.uniform(0.05, 0.95))
    return blows


@contextmanager
def _deployed(
    servers: Servers, folder: Path, plan: Plan, account: Account, say: Callable[[str], None]
) -> Iterator[Town]:
    home = folder / f"rehearsal-{secrets.token_hex(2)}"
    home.mkdir(parents=True)
    settings = {"BANYAN_QUEUE_TYPE": plan.queue_type, "BANYAN_RETRY_SECONDS": "0.5,1,2,4,8,16,32"}
    with ExitStack() as stack:
        places = (servers.postgres, servers.broker, home)
        deployment = Deployment(*places, now=EVENING_BEFORE, processes=plan.processes, settings=settings)
        stack.enter_context(deployment)
        client = stack.enter_context(BanyanClient(deployment.amqp_url))
        operator = Operator(deployment, client, besides=("chaos-",))
        prober, witness = Prober(deployment.amqp_url), Witness(deployment)
        yield Town(servers, deployment, client, operator, prober, witness, plan, account, say)


def _without_time(evaluation: Any) -> Any:
    return {name: value for name, value in evaluation.items() if name not in {"at", "evaluated_at"}}


def _apart(calm: list[Any], struck: list[Any]) -> str:
    missing, added = [one for one in calm if one not in struck], [one for one in struck if one not in calm]
    return f"{len(missing)} missing, {len(added)} of its own: {missing[:2]} {added[:2]}"
