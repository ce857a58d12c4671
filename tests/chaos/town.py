"""A deployment on servers of its own, with everything that watches it."""

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from services.workbench.registry import SERVICES
from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from tests.chaos.account import Account
from tests.chaos.odd_messages import LIMIT
from tests.chaos.plan import Plan
from tests.chaos.prober import RECOVERY_SECONDS, Prober
from tests.chaos.witness import Witness
from tests.support.deployment import Deployment
from tests.support.rehearsal import Operator, plans
from tests.torture.town import Servers

MORNING = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Fuzhou
ASK_AGAIN = frozenset({"unavailable", "expired"})
"""Codes after which a caller asks again: nobody answered, or too late for the service to begin."""
_IDS = ("inbox", "outbox", "chaos_told")


@dataclass(frozen=True, slots=True)
class Town:
    """What every stage works on."""

    servers: Servers
    deployment: Deployment
    client: BanyanClient
    operator: Operator
    prober: Prober
    witness: Witness
    plan: Plan
    account: Account
    say: Callable[[str], None]

    def await_recovery(self, since: float, what: str) -> None:
        """Note how long it took until everybody answered after the cause had gone; too long is a breach."""
        seconds = self.prober.recovered_after(since)
        self.account.note(f"all answer after {what}", "never" if seconds is None else f"{seconds:.1f} s")
        holds = seconds is not None and seconds <= RECOVERY_SECONDS
        self.account.require(holds, f"after {what} {sorted(self.prober.silent())} did not answer within 30 s")
        self.account.require(not self.deployment.ended(), f"after {what} {self.deployment.ended()} had ended")

    def revive(self) -> None:
        """Start again what has ended by itself, which is a breach, so that the next stage means something."""
        for name in self.deployment.ended():
            end = self.deployment.log(name).strip().rpartition("\n")[2]
            self.account.breach(f"{name} ended with {self.deployment.reap(name)}: {end[-300:]}")
            self.deployment.restart(name)

    def await_calm(self, what: str, seconds: float = 900.0) -> None:
        """Wait until nothing is in flight; dead letters are a breach, since no stage leaves any behind."""
        begun = time.monotonic()
        try:
            self.deployment.settle(seconds, besides=("chaos-",))
        except TimeoutError as late:
            self.account.breach(f"after {what}: {late}")
        self.account.note(f"nothing in flight after {what}", f"{time.monotonic() - begun:.1f} s")

    def contents(self) -> dict[str, dict[str, object]]:
        """Return fingerprints of what all services hold, but for the ids of events."""
        return {
            service: {name: mark for name, mark in self.deployment.contents(service).items() if name not in _IDS}
            for service in SERVICES
        }

    def require_unchanged(self, before: dict[str, dict[str, object]], what: str) -> None:
        """Note a breach for every table that is not as `contents` told before."""
        after = self.contents()
        changed = [
            f"{service}.{name}"
            for service in before
            for name in before[service]
            if before[service][name] != after[service].get(name)
        ]
        self.account.require(not changed, f"{what} changed {', '.join(changed)}")

    def insist(self, service: str, method: str, seconds: float = 120.0, **arguments: object) -> object:
        """Ask until there is an answer; raises the last fault after so many seconds."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                return self.client.call(service, method, timeout=20, **arguments)
            except Fault as fault:
                if fault.code not in ASK_AGAIN or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)


@contextmanager
def made_town(
    servers: Servers, folder: Path, plan: Plan, account: Account, say: Callable[[str], None], subscribers: int = 300
) -> Iterator[Town]:
    """Deploy every service as a process of its own, with some subscribers and one live campaign."""
    settings = {
        "BANYAN_RETRY_SECONDS": "0.2,0.5,1,2,4,8,16,32",  # longer than the database is away
        "BANYAN_MAX_MESSAGE_BYTES": str(LIMIT),
        "BANYAN_QUEUE_TYPE": plan.queue_type,
    }
    home = folder / f"town-{secrets.token_hex(2)}"
    home.mkdir(parents=True)
    with ExitStack() as stack:
        deployment = Deployment(servers.postgres, servers.broker, home, now=MORNING, settings=settings)
        stack.enter_context(deployment)
        client = stack.enter_context(BanyanClient(deployment.amqp_url))
        witness = Witness(deployment)
        operator = Operator(deployment, client, besides=("chaos-",))
        operator.load(subscribers)
        operator.launch(plans(["crbt-win-back"]))
        prober = stack.enter_context(Prober(deployment.amqp_url))
        yield Town(servers, deployment, client, operator, prober, witness, plan, account, say)
