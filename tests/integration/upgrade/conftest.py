"""The code of the release before this one, taken from the history of this repository."""

import subprocess
import tarfile
from io import BytesIO
from pathlib import Path

import pytest

from tests.support.deployment import ROOT

PREVIOUS = "18c7427"
"""The commit of the release before; set it to the last tag when a release is made."""


@pytest.fixture(scope="package")
def previous(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Lay the previous release's code out in a folder of its own."""
    packed = _archive()
    if packed is None:
        _git("fetch", "--quiet", "--depth=1", "origin", PREVIOUS)  # a shallow clone
        packed = _archive()
    if packed is None:
        msg = f"commit {PREVIOUS}, the release before, is not in this clone: git fetch --unshallow"
        pytest.fail(msg, pytrace=False)
    folder = tmp_path_factory.mktemp("previous")
    with tarfile.open(fileobj=BytesIO(packed)) as archive:
        archive.extractall(folder, filter="data")
    return folder


def _archive() -> bytes | None:
    done = _git("archive", PREVIOUS, "services", "shared", "rules")
    return done.stdout if done.returncode == 0 else None


def _git(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", "-C", str(ROOT), *arguments], capture_output=True, check=False, timeout=60)
