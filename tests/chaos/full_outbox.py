"""The broker is gone while events are stored: the outbox grows, then drains in order, in bounded memory."""

import subprocess
import time
from itertools import pairwise
from pathlib import Path

from tests.chaos.events import applied, tell
from tests.chaos.town import Town

SOURCE = "channels"
_FILLED = "chaos_filled"
_NOTHING = '{"contacts":[]}'
_CONSUMED = 500
_MEBIBYTES = 96
_DRAIN_SECONDS = 600.0


def fill_outbox(town: Town) -> None:
    """Let the outbox of one service grow without a broker, and watch it drain."""
    count = town.plan.outbox_events
    town.say(f"the broker is gone; the outbox grows to {count + _CONSUMED} events")
    before = _memory(town)
    town.servers.broker.down()
    tell(town, SOURCE, _FILLED, '{"filler": "' + "x" * 200 + '"}', "filled", count)
    tell(town, SOURCE, "contacts_sent", _NOTHING, "behind", _CONSUMED)
    time.sleep(5)  # so that everybody notices
    town.servers.broker.up()
    since = time.monotonic()
    town.await_recovery(since, "the broker's return to a full outbox")
    _await_drained(town)
    seconds = time.monotonic() - since
    town.account.note(
        "events drained", f"{count + _CONSUMED} in {seconds:.1f} s: {(count + _CONSUMED) / seconds:.0f}/s"
    )
    after = _memory(town)
    town.account.note("memory of service and relay at most", f"{before} MiB before, {after} MiB after")
    town.account.require(after - before < _MEBIBYTES, f"memory grew from {before} to {after} MiB")
    town.await_calm("a full outbox")
    _check_order(town, count)
    for service in ("governance", "campaigns"):
        found = applied(town, service, "behind")
        town.account.require(found == _CONSUMED, f"{service} applied {found} of {_CONSUMED} events behind the others")


def _await_drained(town: Town) -> None:
    deadline = time.monotonic() + _DRAIN_SECONDS
    while time.monotonic() < deadline:
        if town.deployment.query(SOURCE, "SELECT 1 FROM outbox LIMIT 1") == []:
            return
        time.sleep(0.5)
    town.account.breach(f"the outbox did not drain within {_DRAIN_SECONDS:.0f} s")


def _check_order(town: Town, count: int) -> None:
    """Every event went over the bus, and each for the first time after the one before it."""
    numbers = [int(one.event_id.partition("-")[2]) for one in town.witness.look() if one.event_type == _FILLED]
    firsts = list(dict.fromkeys(numbers))
    town.account.require(len(firsts) == count, f"{count - len(firsts)} events of a full outbox were lost")
    town.account.require(all(one < other for one, other in pairwise(firsts)), "a full outbox drained out of order")
    town.account.note("published more than once", len(numbers) - len(firsts))


def _memory(town: Town) -> int:
    """Return the most that the service's process and its relay have ever held, in MiB."""
    pid = town.deployment.pid(SOURCE)
    listed = subprocess.run(("ps", "-o", "pid=", "--ppid", str(pid)), capture_output=True, text=True, check=False)
    peaks = [_peak(each) for each in (pid, *map(int, listed.stdout.split()))]
    return sum(peaks) // 1024


def _peak(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text("ascii")
    return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmHWM")))
