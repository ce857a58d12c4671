"""All services in one process, started as the demo starts them: in a process that eventlet has patched first."""

import json
import subprocess
import sys
from pathlib import Path

from shared.rulekit.reading.folder import load_rules

ROOT = Path(__file__).parents[3]

PROGRAM = """
from shared.messaging.green import go_green
go_green()
import json, sys
from datetime import UTC, datetime
from pathlib import Path
from services.workbench import registry
from services.workbench.suite import EmbeddedSuite
from shared.contracts.customer_view import Customer, CustomerRecord, UpsertResult
from shared.kernel.clock import SteeredClock

var, rules = map(Path, sys.argv[1:])
clock = SteeredClock(datetime(2026, 3, 2, 1, tzinfo=UTC))
with EmbeddedSuite(var, rules, clock, seed=7) as suite:
    pings = [suite.caller.call(name, "ping", {}, dict, 10)["service"] for name in registry.CONTAINERS]
    roll = {one.container: one.rule_set for one in suite.roll_call()}
    record = CustomerRecord(customer_id="s1", facts={"monthly_spend": 1250})
    sent = {"customers": [record]}
    suite.caller.call("customer_view_bulk", "upsert_customers", sent, UpsertResult, 10)
    suite.settle()
with EmbeddedSuite(var, rules, clock, seed=7) as suite:
    kept = suite.caller.call("customer_view", "get_customer", {"customer_id": "s1"}, Customer, 10)
said = {"changed_at": kept.changed_at.isoformat(), "spend": kept.facts["monthly_spend"]}
print(json.dumps({"pings": pings, "roll": roll, **said}))
"""


def test_every_container_answers_on_the_given_clock_and_the_files_outlive_the_suite(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path), str(ROOT / "rules")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert len(said["pings"]) == len(set(said["pings"])) == 10
    assert set(said["roll"]) == set(said["pings"])
    versions = {version for name, version in said["roll"].items() if not name.startswith("channels")}
    assert versions == {load_rules(ROOT / "rules").version}
    assert said["spend"] == 1250
    assert said["changed_at"].startswith("2026-03-02T01:00:00")
    assert {path.name for path in tmp_path.glob("*.sqlite")} == {
        f"{service}.sqlite" for service in ("customer_view", "catalogue", "campaigns", "governance", "channels")
    }
