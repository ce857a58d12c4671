"""`python -m tests.chaos`: every fault a distributed Banyan must survive, dealt to real servers; 0 without a breach."""

import argparse
import secrets
import shutil
import signal
import sys
import time
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from services.workbench.registry import SERVICES
from tests.chaos.account import Account
from tests.chaos.bombardment import bombard
from tests.chaos.broker_loss import lose_broker
from tests.chaos.database_loss import lose_database
from tests.chaos.full_outbox import fill_outbox
from tests.chaos.plan import Plan, quick
from tests.chaos.rehearsals import rehearse
from tests.chaos.replaying import park_and_replay
from tests.chaos.slow_consumer import consume_slowly
from tests.chaos.town import Town, made_town
from tests.torture.town import Servers

_ROOT = Path(__file__).parents[2]
Stage = Callable[[Town], None]
IN_TOWN: dict[str, Stage] = {
    "malformed": bombard,
    "replay": park_and_replay,
    "slow-consumer": consume_slowly,
    "broker": lose_broker,
    "database": lose_database,
    "outbox": fill_outbox,
}
"""Stages that share one deployment, in this order."""
REHEARSALS = "campaigns"
STAGES = [*IN_TOWN, REHEARSALS]


def main() -> int:
    """Deal all faults, or those named, and tell."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=None, help="draw the same faults again")
    parser.add_argument(
        "--queue-type", choices=("classic", "quorum"), default="classic", help="of the services' queues"
    )
    parser.add_argument("--quick", action="store_true", help="everything once, in small sizes")
    parser.add_argument(
        "--rehearsals", type=int, default=None, help="campaigns with blows: 7 strike everybody in every step"
    )
    parser.add_argument("--stages", nargs="*", choices=STAGES, default=STAGES, help="only these")
    parser.add_argument("--folder", type=Path, default=_ROOT / "var" / "chaos", help="logs and account.txt")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that whoever ends it leaves no process behind
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    console, begun = Console(highlight=False, soft_wrap=True), time.monotonic()
    plan = quick(seed, options.queue_type) if options.quick else Plan(seed, options.queue_type)
    account = run(
        plan if options.rehearsals is None else plan._replace(rehearsals=options.rehearsals),
        options.folder,
        lambda line: console.print(f"{time.monotonic() - begun:7.1f} s  {line}", markup=False),
        options.stages,
    )
    account.note("the whole run", f"{time.monotonic() - begun:.0f} s")
    console.print(account.table())
    for stage, breach in account.breaches[:20]:
        console.print(f"BREACH in {stage}: {breach[:500]}", style="red", markup=False)
    sys.stdout.write(f"{len(account.breaches)} breaches; {account.write(options.folder)}\n")
    return 1 if account.breaches else 0


def run(plan: Plan, folder: Path, say: Callable[[str], None], names: list[str]) -> Account:
    """Run the stages on servers of their own; a stage that fails altogether is a breach."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    account = Account(plan.seed)
    say(f"seed {plan.seed}, {plan.queue_type} queues")
    servers = Servers.start()
    try:
        if stages := {name: stage for name, stage in IN_TOWN.items() if name in names}:
            with made_town(servers, folder, plan, account, say) as town:
                for name, stage in stages.items():
                    _dealt(account, say, name, partial(stage, town))
                    town.revive()
                account.stage = "account"
                _count(town)
        if REHEARSALS in names:
            _dealt(account, say, REHEARSALS, partial(rehearse, servers, folder, plan, account, say))
    finally:
        servers.stop()
    return account


def _dealt(account: Account, say: Callable[[str], None], name: str, stage: Callable[[], None]) -> None:
    """Run a stage; what it raises is a breach, and the next stage shows whether anything still works."""
    account.stage, begun = name, time.monotonic()
    say(name)
    try:
        stage()
    except Exception as fault:  # noqa: BLE001 - whatever a fault has caused is told, with all the others
        account.breach(f"{type(fault).__name__}: {fault}\n{traceback.format_exc(limit=-3)}")
    for _, breach in [one for one in account.breaches if one[0] == name][:5]:
        say(f"BREACH: {breach[:1_000]}")
    account.note("took", f"{time.monotonic() - begun:.0f} s")


def _count(town: Town) -> None:
    """Note what became of every event of the town; one that is lost is a breach, as is a dead letter nobody took."""
    account, witness = town.account, town.witness
    lost = witness.lost()
    account.note("events stored by transactions", sum(len(witness.told(service)) for service in SERVICES))
    account.note("messages over the bus, of them repeated", f"{len(witness.copies)}, {witness.repeated()}")
    account.note("owed to consumers, of them not applied", f"{witness.owed()}, {len(lost)}")
    account.require(not lost, f"{len(lost)} events were lost: {lost[:5]}")
    dead = {name: count for name, count in town.deployment.backlog().items() if name.startswith("dead.")}
    account.note("dead letters at the end", sum(dead.values()))
    account.require(not dead, f"dead letters nobody explained: {dead}")


if __name__ == "__main__":
    raise SystemExit(main())
