"""Rewrite the snapshots of the contract from the code: `python -m tests.contract.update [--breaking | --release]`.

A change that breaks those who built on the last release is listed and refused, unless `--breaking` says that it is
meant. `--release` keeps the contract as `releases/<version>/` for good: the next release is compared with it.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.publish_api import release
from tests.contract.compatibility import violations_between
from tests.contract.snapshots import FOLDER, codes_snapshot, methods_snapshot, schemas_snapshot, topology_snapshot

MAKERS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "topology": topology_snapshot,
    "methods": methods_snapshot,
    "schemas": schemas_snapshot,
    "codes": codes_snapshot,
}
RELEASES = FOLDER / "releases"
COMMAND = "python -m tests.contract.update"


def committed(name: str, folder: Path = FOLDER) -> dict[str, Any]:
    """Return a snapshot as it is stored; empty if it is not."""
    path = folder / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {}
    return found


def releases() -> list[str]:
    """Return the numbers of the releases whose contracts are kept, oldest first."""
    kept = [path.name for path in RELEASES.iterdir()] if RELEASES.is_dir() else []
    return sorted(kept, key=lambda number: [int(part) for part in number.split(".")])


def kept(number: str) -> dict[str, dict[str, Any]]:
    """Return the contract of a release."""
    return {name: committed(name, RELEASES / number) for name in MAKERS}


def made() -> dict[str, dict[str, Any]]:
    """Return the contract as the code says it."""
    return {name: make() for name, make in MAKERS.items()}


def violations() -> list[str]:
    """Say what has been broken since the last release."""
    return violations_between(kept(releases()[-1]), made()) if releases() else []


def main() -> int:
    """Write what has changed; 1 if it was refused."""
    parser = argparse.ArgumentParser(prog=COMMAND, description=main.__doc__)
    parser.add_argument("--breaking", action="store_true", help="write changes that break the wire, too")
    parser.add_argument("--release", action="store_true", help="keep the contract as that of this release")
    options = parser.parse_args()
    if options.release and release() in releases() and not options.breaking:
        sys.stderr.write(f"{release()} is released; the next one has another number (pyproject.toml)\n")
        return 1
    broken = violations()
    if broken and not options.breaking:
        sys.stderr.write("\n".join([*broken, "", "These break who built on the wire; --breaking if it is meant.", ""]))
        return 1
    _write(FOLDER)
    if options.release:
        _write(RELEASES / release())
    return 0


def _write(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, snapshot in made().items():
        (folder / f"{name}.json").write_text(json.dumps(snapshot, indent=1, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
