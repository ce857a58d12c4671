"""A folder of rules as it lies on the disk: whether it changed, and what its files hold."""

import os
from collections.abc import Callable
from pathlib import Path

from shared.rulekit.reading.folder import KINDS, VOCABULARY_FILE

_Mark = tuple[str, int, int, int, int]
Signature = tuple[_Mark, ...]

_DEEPEST = 3  # kind / rule / file; a link that leads back up ends here
_LARGEST_FILE = 4_000_000  # bytes; the readers refuse smaller ones


def signature_of(folder: Path) -> Signature:
    """Return what tells a changed folder of rules from an unchanged one, without reading a file.

    A file that vanishes meanwhile, and a folder that is not there, are told apart from those that are.
    """
    vocabulary = folder / VOCABULARY_FILE
    found = [_mark(str(vocabulary), vocabulary.stat)]
    for kind in KINDS:
        _note_all(str(folder / kind), found, 2)
    return tuple(found)


def files_of(folder: Path) -> dict[str, bytes]:
    """Return the content of the vocabulary and of every YAML file of every kind, by path within the folder.

    Raises OSError when one cannot be read.
    """
    paths = [folder / VOCABULARY_FILE]
    for kind in KINDS:
        paths += sorted(path for path in (folder / kind).glob("*/*.yaml") if not path.parent.name.startswith("."))
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in paths
        if path.is_file() and path.stat().st_size <= _LARGEST_FILE
    }


def _note_all(folder: str, found: list[_Mark], depth: int) -> None:
    try:
        with os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                found.append(_mark(entry.path, entry.stat))
                if depth < _DEEPEST and entry.is_dir():
                    _note_all(entry.path, found, depth + 1)
    except OSError:
        found.append((folder, 0, 0, 0, 0))


def _mark(path: str, stat: Callable[[], os.stat_result]) -> _Mark:
    try:
        now = stat()
    except OSError:
        return (path, 0, 0, 0, 0)
    return (path, now.st_mtime_ns, now.st_ctime_ns, now.st_size, now.st_ino)
