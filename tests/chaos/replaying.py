"""Events whose handler fails are parked with the reason; once the cause is gone they are replayed and applied once."""

import subprocess
import sys
import time
from typing import Any

import msgspec
import psycopg

from services.workbench import province
from shared.messaging import dead_letters
from tests.chaos.town import Town
from tests.support.deployment import ROOT
from tests.support.parked import parked as parked_in

_QUEUE = "evt-customer_view-customers_changed--campaigns_bulk.on_customers_changed"
_CUSTOMERS = 500
_PAGE = 10
_SECONDS = 240.0


def park_and_replay(town: Town) -> None:
    """Take a table away, have events fail until they are parked, put it back and replay them by the command line."""
    events = _CUSTOMERS // _PAGE
    url = town.deployment.database_url("campaigns")
    before = town.deployment.query("campaigns", "SELECT count(*) FROM customer_snapshot")[0][0]
    _execute(url, "ALTER TABLE customer_snapshot RENAME TO taken_away")
    subscribers = province.subscribers(town.plan.seed + 1_000, _CUSTOMERS)
    customers = [msgspec.structs.replace(one, customer_id=f"replayed-{n}") for n, one in enumerate(subscribers)]
    taken = 0
    for start in range(0, _CUSTOMERS, _PAGE):
        page = msgspec.to_builtins(customers[start : start + _PAGE])
        result: Any = town.insist("customer_view", "upsert_customers", customers=page)
        taken += _PAGE - len(result["faults"])
    parked = _await_parked(town, events)
    letters = dead_letters.show(town.deployment.amqp_url, _QUEUE, limit=events)
    town.account.note(
        "parked while a table was gone", f"{parked} of {events}: {letters[0].error[:60] if letters else ''}"
    )
    town.account.require(all("customer_snapshot" in one.error for one in letters), "a dead letter does not say why")
    _execute(url, "ALTER TABLE taken_away RENAME TO customer_snapshot")
    command = (sys.executable, "-m", "services.workbench.cli.main", "dead-letters", "replay", _QUEUE)
    done = subprocess.run(
        command, cwd=ROOT, env=town.deployment.environment, capture_output=True, text=True, check=False
    )
    town.account.require(done.returncode == 0, f"the replay ended with {done.returncode}: {done.stderr[-300:]}")
    town.await_calm("the replay")
    left = parked_in(town.deployment.amqp_url, _QUEUE)
    town.account.note("replayed by the command line, left", f"{parked - left}, {left}")
    after = town.deployment.query("campaigns", "SELECT count(*) FROM customer_snapshot")[0][0]
    town.account.note("snapshots before and after the replay", f"{before}, {after}, with {taken} more subscribers")
    town.account.require(int(str(after)) - int(str(before)) == taken, "replayed events were not applied once each")


def _await_parked(town: Town, wanted: int) -> int:
    deadline, parked = time.monotonic() + _SECONDS, 0
    while parked < wanted and time.monotonic() < deadline:
        time.sleep(0.5)
        parked = parked_in(town.deployment.amqp_url, _QUEUE)
    town.account.require(parked == wanted, f"{parked} of {wanted} events were parked")
    return parked


def _execute(url: str, statement: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(statement.encode())
