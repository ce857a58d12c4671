"""A folder of rules as it lies on the disk: whether it changed, and what its files hold."""

import os
from pathlib import Path

from shared.rulekit.loading import KINDS

Signature = tuple[tuple[str, int, int, int, int], ...]

_DEEPEST = 3  # kind / rule / file; a link that leads back up ends here
_LARGEST_FILE = 4_000_000  # bytes; the readers refuse smaller ones


def signature_of(folder: Path) -> Signature:
    """Return what tells a changed folder of rules from an unchanged one, without reading a file.

    A file that vanishes meanwhile, and a folder that is not there, are told apart from those that are.
    """
    found: list[tuple[str, int, int, int, int]] = []
    for name in ("vocabulary.yaml", *KINDS):
        _note(os.path.join(folder, name), found, 0)  # noqa: PTH118 - twice a second for every file: pathlib takes 4 times as long
    return tuple(found)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of the vocabulary and of every YAML file of every kind, by path within the folder.

    Raises OSError when one cannot be read.
    """
    paths = [folder / "vocabulary.yaml"]
    for kind in KINDS:
        paths += sorted(path for path in (folder / kind).glob("*/*.yaml") if not path.parent.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and path.stat().st_size <= _LARGEST_FILE
    }


def _note(path: str, found: list[tuple[str, int, int, int, int]], depth: int) -> None:
    try:
        stat = os.stat(path)  # noqa: PTH116 - see signature_of
        names = sorted(os.listdir(path)) if depth < _DEEPEST and os.path.isdir(path) else []  # noqa: PTH112, PTH208 - see signature_of
    except OSError:
        found.append((path, 0, 0, 0, 0))
        return
    found.append((path, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))
    for name in names:
        _note(os.path.join(path, name), found, depth + 1)  # noqa: PTH118 - see signature_of
