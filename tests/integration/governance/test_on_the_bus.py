"""The service classes on the embedded bus, in a process of their own (eventlet patches it)."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_requests_events_and_faults_travel_and_both_classes_share_one_ledger(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.governance.bus_program", str(tmp_path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "reserved": ["permit", "permit", "suppress"],
        "again": True,
        "codes": [
            "batch_too_large requests",
            "invalid_request requests[0].customer_id",
            "invalid_request list",
            "not_found contact_id",
            "not_allowed author",
            "invalid_request reason",
        ],
        "exported": 3,
        "erased": 2,
        "again after": ["a", "b", "c"],
        "pruned": True,
        "released": ["released"],
        "put": 1,
        "removed": 1,
        "screened": ["black"],
        "a": "confirmed",
        "after": ["opt-out"],
        "history": 3,
        "heard": ["black +ben -", "red +carla -", "red + -carla", "opt_out +anna -", "black + -ben"],
        "read": [["ben", "clerk"]],
        "lifted": [["permit", ["red"]]],
        "overrides": [["withdrawn", "Lin", "Zhao", "Wu"]],
        "audit": [
            ["list_remove", "Wu"],
            ["override_withdraw", "Wu"],
            ["override_approve", "Zhao"],
            ["override_propose", "Lin"],
            ["list_put", "clerk"],
        ],
    }
