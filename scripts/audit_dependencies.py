"""Audit what is locked: `python -m scripts.audit_dependencies`.

Every requirement of requirements*.lock must be pinned by version and hash, with no address of an index. pip-audit
then asks PyPI's advisories about the pinned versions; nothing is installed. A known vulnerability fails, unless
scripts/audit_allowed.toml names it with a reason and a day until which that holds:

    [[allowed]]
    id = "PYSEC-2026-1"
    package = "example"
    reason = "only its command line is affected; we do not call it"
    until = 2027-03-31

What the advisories cannot be asked about (offline, or an index that has none) is counted and told, and passes;
BANYAN_AUDIT=strict fails then.
"""

import json
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
ALLOWED = ROOT / "scripts" / "audit_allowed.toml"
STRICT = "BANYAN_AUDIT"
_SECONDS = 300
_PIN = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(\[[\w,.-]+\])?==(?P<version>[\w.!+]+)( ?;[^#]*?)?(?P<hashes>( --hash=\S+)*)"
)
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


@dataclass(slots=True)
class Audit:
    """What pip-audit found: how many packages it could ask about, and what is known of them."""

    asked: int = 0
    unasked: list[str] = field(default_factory=list)
    known: list[tuple[str, str, str]] = field(default_factory=list)
    """Package with version, the vulnerability's id, and the versions that mend it."""


def faults_of_lock(name: str, text: str) -> Iterator[str]:
    """Yield what is wrong with a lock file."""
    for number, line in _requirements(text):
        pin = _PIN.fullmatch(line)
        if line.startswith("-") or "://" in line or " @ " in line:
            yield f"{name}:{number}: names where to fetch it, or is an option; a lock file names packages and hashes"
        elif pin is None:
            yield f"{name}:{number}: is not pinned to one version: {line[:60]}"
        elif not pin["hashes"] or not all(_HASH.fullmatch(each) for each in pin["hashes"].split()):
            yield f"{name}:{number}: {pin['name']} is pinned without sha256 hashes"


def pins_of(text: str) -> set[str]:
    """Return the pinned packages as `name==version`."""
    return {f"{pin['name']}=={pin['version']}" for _, line in _requirements(text) if (pin := _PIN.fullmatch(line))}


def largest(locks: Mapping[str, str]) -> list[str]:
    """Return the names of the lock files that are not contained in another one."""
    pins = {name: pins_of(text) for name, text in locks.items()}
    return [name for name, own in pins.items() if not any(own < other for other in pins.values())]


def read_report(text: str) -> Audit:
    """Read pip-audit's JSON."""
    audit = Audit()
    for each in json.loads(text)["dependencies"]:
        if "skip_reason" in each:
            audit.unasked.append(each["name"])
            continue
        audit.asked += 1
        for found in each["vulns"]:
            fixed = ", ".join(found["fix_versions"]) or "no version"
            audit.known.append((f"{each['name']} {each['version']}", found["id"], fixed))
    return audit


def judge(audit: Audit, allowed: Sequence[Mapping[str, Any]], today: date) -> Iterator[str]:
    """Yield every known vulnerability that is not allowed (any more), and every entry without a reason or a day."""
    standing = {(each.get("package"), each.get("id")): each for each in allowed}
    for each in allowed:
        if not str(each.get("reason", "")).strip() or not isinstance(each.get("until"), date):
            yield f"{ALLOWED.name}: {each.get('id')} needs a reason and a day `until`"
    for package, known, fixed in audit.known:
        entry = standing.get((package.partition(" ")[0], known))
        if entry is None:
            yield f"{package}: {known}, mended by {fixed}"
        elif isinstance(entry.get("until"), date) and entry["until"] < today:
            yield f"{package}: {known}, mended by {fixed}; it was allowed until {entry['until']}"


def ask(lock: Path) -> Audit:
    """Ask about everything in a lock file; nothing is asked of where the advisories cannot be reached."""
    command = [sys.executable, "-m", "pip_audit", "-r", str(lock), "--disable-pip", "--require-hashes", "-f", "json"]
    try:
        done = subprocess.run(
            [*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False, timeout=_SECONDS
        )
        return read_report(done.stdout)
    except (subprocess.TimeoutExpired, json.JSONDecodeError, KeyError):
        return Audit(unasked=sorted(pins_of(lock.read_text("utf-8"))))


def main() -> int:
    """Tell what is wrong; 1 if anything is."""
    locks = {path.name: path.read_text("utf-8") for path in sorted(ROOT.glob("requirements*.lock"))}
    faults = [fault for name, text in locks.items() for fault in faults_of_lock(name, text)]
    allowed = tomllib.loads(ALLOWED.read_text("utf-8")).get("allowed", [])
    for name in largest(locks):
        audit = ask(ROOT / name)
        faults += judge(audit, allowed, datetime.now(UTC).date())
        sys.stdout.write(f"{name}: {audit.asked} packages audited, {len(audit.known)} vulnerabilities known\n")
        if audit.unasked:
            words = f"{name}: {len(audit.unasked)} packages NOT audited: advisories on them cannot be had here"
            sys.stdout.write(f"{words}\n")
            if os.environ.get(STRICT) == "strict":
                faults.append(f"{words} ({STRICT}=strict)")
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return int(bool(faults))


def _requirements(text: str) -> Iterator[tuple[int, str]]:
    """Yield (number of its first line, requirement) with continued lines joined, comments left out."""
    start, joined = 0, ""
    for number, line in enumerate(text.splitlines(), 1):
        start = start if joined else number
        joined += " " + line.removesuffix("\\").strip()
        if not line.endswith("\\"):
            if (whole := joined.strip()) and not whole.startswith("#"):
                yield start, " ".join(whole.split())
            joined = ""


if __name__ == "__main__":
    raise SystemExit(main())
