"""What a backup says of itself: `manifest.json` beside the dumps, written last."""

import hashlib
from datetime import datetime
from pathlib import Path

import msgspec

from shared.kernel.faults import InvalidRequest

FILE = "manifest.json"
ORDER = ("channels", "catalogue", "campaigns", "customer_view", "governance")
"""In this order the moments are taken: who tells before who is told, so that an event is in an outbox or was applied;
who asks before who answers, so that the ledger, taken last, knows every contact the others know."""


class FaultyBackup(InvalidRequest):
    """A backup is incomplete, damaged, or not for this release."""

    code = "faulty_backup"


class Dump(msgspec.Struct, frozen=True, kw_only=True):
    """One database: its moment by the database server's clock, and the file that holds it."""

    service: str
    file: str
    taken_at: datetime
    revision: str
    bytes: int
    sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """All databases of one backup, in the order in which their moments were taken."""

    dumps: list[Dump]


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest of a backup whose files are all sound; raises FaultyBackup naming those that are not."""
    try:
        manifest = msgspec.json.decode((folder / FILE).read_bytes(), type=Manifest)
    except (OSError, msgspec.MsgspecError) as fault:
        raise FaultyBackup(f"{folder} holds no backup: {fault}", details={"faults": [str(fault)]}) from None
    missing = [f"{name} is missing" for name in ORDER if name not in {dump.service for dump in manifest.dumps}]
    damaged = [
        f"{dump.file} is damaged or missing" for dump in manifest.dumps if _sum(folder / dump.file) != dump.sha256
    ]
    if faults := [*missing, *damaged]:
        raise FaultyBackup(f"{folder}: {'; '.join(faults)}", details={"faults": faults})
    return manifest


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest: from then on the folder is a backup."""
    partial = folder / f"{FILE}.partial"
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1))
    partial.replace(folder / FILE)


def sum_of(path: Path) -> str:
    """Return the SHA-256 of a file in hex; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sum(path: Path) -> str | None:
    try:
        return sum_of(path)
    except OSError:
        return None
