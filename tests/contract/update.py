"""Rewrite the snapshots of the contract from the code: `python -m tests.contract.update [--breaking]`.

A change that breaks those who built on the wire is listed and refused, unless `--breaking` says that it is meant.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from tests.contract.compatibility import method_violations, schema_violations
from tests.contract.snapshots import FOLDER, methods_snapshot, schemas_snapshot, topology_snapshot

MAKERS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "topology": topology_snapshot,
    "methods": methods_snapshot,
    "schemas": schemas_snapshot,
}
COMMAND = "python -m tests.contract.update"


def committed(name: str) -> dict[str, Any]:
    """Return a snapshot as it is stored; empty if it is not."""
    path = FOLDER / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def violations() -> list[str]:
    """Say what has been broken since the snapshots were taken."""
    return [
        *method_violations(committed("methods"), methods_snapshot()),
        *schema_violations(committed("schemas"), schemas_snapshot()),
    ]


def main() -> int:
    """Write what has changed; 1 if it was refused."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=main.__doc__)
    parser.add_argument("--breaking", action="store_true", help="write changes that break the wire, too")
    broken = violations()
    if broken and not parser.parse_args().breaking:
        sys.stderr.write("\n".join([*broken, "", "These break who built on the wire; --breaking if it is meant.", ""]))
        return 1
    for name, make in MAKERS.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(make(), indent=1, ensure_ascii=False) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
