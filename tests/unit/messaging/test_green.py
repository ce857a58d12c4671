"""What a process that serves must have done before it imports a driver."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["services.workbench.cli.main", "services.governance.adapters.store"])
def test_a_process_that_serves_waits_for_postgresql_in_a_way_that_lets_others_work(module: str) -> None:
    program = (
        "from shared.messaging.green import go_green; go_green()\n"
        f"import {module}, services.governance.adapters.store\n"
        "from psycopg import waiting; print(waiting.wait.__name__)"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=120)
    assert ended.stdout.strip() == "wait_selector"
