"""The service classes on the embedded bus, in a process of their own (eventlet patches it)."""

import json
import subprocess
import sys
from pathlib import Path


def test_offerings_come_in_changes_go_out_and_faults_are_coded(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.integration.catalogue.bus_program", str(tmp_path)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1]) == {
        "whole": [0, 0],
        "mixed": [1, ["1 components[0]"]],
        "codes": [
            "not_found offering_id",
            "invalid_request offerings[0].name_zh",
            "invalid_request filters.colour",
            "batch_too_large offerings",
        ],
        "bundles": True,
        "heard": True,
    }
