"""The service classes on the embedded bus, in a process of their own (eventlet patches it)."""

import json
import subprocess
import sys
from pathlib import Path

_ROOT = Path(__file__).parents[3]


def test_orders_come_in_contacts_and_outcomes_go_out_and_faults_are_coded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.channels.bus_program", str(tmp_path)]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "taken": 2,
        "faults": ["1 expires_at"],
        "codes": [
            "not_allowed until",
            "not_found contact_id",
            "invalid_request outcome",
            "invalid_request channel",
            "batch_too_large limit",
        ],
        "listed": ["a", "c"],
        "run": [1, 0, 1],
        "heard": ["accepted a simulated=True", "refused c simulated=False", "sent a", "sent c"],
    }
