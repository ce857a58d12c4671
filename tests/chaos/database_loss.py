"""PostgreSQL goes away for half a minute, or halts with its sockets open, while everybody asks."""

import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Event

from shared.kernel.faults import Fault
from shared.messaging.client import BanyanClient
from tests.chaos.events import applied, check_reservations, requests, reserve_all, tell
from tests.chaos.prober import QUESTIONS
from tests.chaos.town import Town

_CALLS = 200
_EVENTS = 300
_FREEZE = 15.0
_NOTHING = '{"contacts":[]}'


def lose_database(town: Town) -> None:
    """Take it away, halt it, and start a service while it is gone."""
    _gone(town, "gone")
    _frozen(town, "frozen")
    _absent_at_start(town)


def _gone(town: Town, mark: str) -> None:
    with _traffic(town, mark):
        town.say(f"PostgreSQL is gone for {town.plan.database_down:.0f} s")
        town.servers.postgres.down()
        time.sleep(town.plan.database_down)
        town.servers.postgres.up()
        town.await_recovery(time.monotonic(), "PostgreSQL's return")


def _frozen(town: Town, mark: str) -> None:
    seconds = max(town.plan.database_down, _FREEZE)
    with _traffic(town, mark):
        town.say(f"PostgreSQL is halted for {seconds:.0f} s")
        with town.servers.postgres.frozen():
            time.sleep(seconds)
        town.await_recovery(time.monotonic(), "PostgreSQL's thaw")


def _absent_at_start(town: Town) -> None:
    town.say("channels is killed and started while PostgreSQL is gone")
    town.servers.postgres.down()
    town.deployment.kill("channels")
    town.deployment.start("channels")
    time.sleep(min(10.0, town.plan.database_down))
    town.servers.postgres.up()
    since = time.monotonic()
    if "channels" in town.deployment.ended():
        town.account.breach("a service ended that was started while its database was gone")
        town.deployment.reap("channels")
        town.deployment.start("channels")
    town.await_recovery(since, "a start without PostgreSQL")
    town.await_calm("a start without PostgreSQL")


@contextmanager
def _traffic(town: Town, mark: str) -> Iterator[None]:
    """Reserve, tell and ask while the block lasts; then look whether all of it came about once."""
    stop = Event()
    wanted = requests(mark, _CALLS)
    with BanyanClient(town.deployment.amqp_url) as client, ThreadPoolExecutor(2) as pool:
        tell(town, "channels", "contacts_sent", _NOTHING, mark, _EVENTS)
        reserving = pool.submit(reserve_all, client, wanted)
        asking: Future[Counter[str]] = pool.submit(_ask, town, stop)
        try:
            yield
        finally:
            stop.set()
        verdicts, codes = reserving.result(), asking.result()
    town.account.note("answers meanwhile", ", ".join(f"{code} {count}" for code, count in codes.most_common()))
    town.account.require(
        not codes["internal_fault"], f"callers were told internal_fault {codes['internal_fault']} times"
    )
    town.await_calm(f"the traffic of {mark}")
    check_reservations(town, mark, verdicts, len(wanted))
    for service in ("governance", "campaigns"):
        count = applied(town, service, mark)
        town.account.require(count == _EVENTS, f"{service} applied {count} of {_EVENTS} events")


def _ask(town: Town, stop: Event) -> Counter[str]:
    codes: Counter[str] = Counter()
    with BanyanClient(town.deployment.amqp_url) as client:
        calls = [(name, *question) for name, question in QUESTIONS.items()]
        while not stop.wait(0.3):
            try:
                answers = client.call_many(calls, timeout=20)
            except Fault as fault:
                answers = [fault]
            codes.update(one.code if isinstance(one, Fault) else "answered" for one in answers)
    return codes
