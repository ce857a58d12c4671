"""`python -m tests.nightly`: the executors compared on many generated conditions and subscribers; 0 when they agree."""

import argparse
import os
import subprocess
import sys
import time

from tests.support.deployment import ROOT

_TEST = "tests/unit/rulekit/test_executors_agree.py"
_PAIRS = 100_000


def main() -> int:
    """Run the comparison; every pair is judged by the reference, durable-rules, SQLite and PostgreSQL."""
    parser = argparse.ArgumentParser(prog="python -m tests.nightly", description=__doc__)
    parser.add_argument("--pairs", type=int, default=_PAIRS, help="of a condition and a subscriber, for each executor")
    pairs = parser.parse_args().pairs
    began = time.monotonic()
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", _TEST, "-k", "truth_of_the_reference"]
    code = subprocess.run(
        command, cwd=ROOT, env=os.environ | {"BANYAN_PARITY_PAIRS": str(pairs)}, check=False
    ).returncode
    found = "no difference" if code == 0 else "see above"
    sys.stdout.write(
        f"reference, durable-rules and SQLite: {pairs:,} pairs; reference and PostgreSQL: {pairs:,} pairs; "
        f"{found}; {time.monotonic() - began:.0f} s\n"
    )
    return code


if __name__ == "__main__":
    raise SystemExit(main())
