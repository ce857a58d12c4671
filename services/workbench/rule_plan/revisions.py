"""Rules as they were: another folder, or the same folder at a git revision, unpacked for a while."""

import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.kernel.faults import NotFound, Unavailable

_SECONDS = 30.0
_LARGEST = 64 * 1024 * 1024  # bytes of one revision's rules, unpacked


class UnknownRevision(NotFound):
    """What rules are compared with is neither a folder nor a git revision that holds the folder of rules."""

    code = "unknown_revision"


@contextmanager
def rules_at(against: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """Give the folder of rules meant by `against`, and a name for it; an unpacked revision is removed at the end.

    `against` is a folder, or else a git revision of the repository that `folder` lies in. Raises UnknownRevision, and
    Unavailable where git is missing or takes longer than 30 seconds.
    """
    if against and Path(against).is_dir():
        yield Path(against), against
        return
    commit = _commit(against, folder)
    archive = _git(folder, "archive", "--format=tar", commit, ".")
    if archive is None:
        raise UnknownRevision(f"revision {against} does not hold {folder}", details={"field": "against"})
    with tempfile.TemporaryDirectory(prefix="banyan-rules-") as room:
        _unpack(archive, Path(room), against)
        yield Path(room), f"{against} ({commit[:10]})"


def _commit(revision: str, folder: Path) -> str:
    # A revision that begins with a dash would be read as an option.
    asked = (
        None if revision.startswith("-") else _git(folder, "rev-parse", "--verify", "--quiet", revision + "^{commit}")
    )
    if not asked:
        message = f"{revision!r} is neither a folder nor a git revision of {folder}"
        raise UnknownRevision(message, details={"field": "against"})
    return asked.decode().strip()


def _unpack(archive: bytes, room: Path, revision: str) -> None:
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        members = tar.getmembers()
        if sum(member.size for member in members) > _LARGEST:
            message = f"the rules of {revision} are larger than {_LARGEST // 1024 // 1024} MB"
            raise UnknownRevision(message, details={"field": "against"})
        tar.extractall(room, members, filter="data")


def _git(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints; None when it refuses."""
    command = ["git", "-C", str(folder), *arguments]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_SECONDS, check=False)  # noqa: S603 - no shell; revisions are verified first
    except FileNotFoundError:
        raise Unavailable("git is not installed; name a folder instead", details={"field": "against"}) from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"git took longer than {_SECONDS:.0f} s", details={"field": "against"}) from None
    return done.stdout if done.returncode == 0 else None
