"""Which folder of rules a path belongs to, so that a single file can be checked with all it depends on."""

from pathlib import Path

from shared.rulekit.reading.folder import VOCABULARY_FILE


def folder_of(path: Path, default: Path) -> Path | None:
    """Return the folder of rules a path lies in, as the path names it; None when it lies in none.

    A folder without a vocabulary anywhere above it is taken for a folder of rules that lacks one.
    """
    for folder in (path, *path.parents):
        if (folder / VOCABULARY_FILE).is_file():
            return folder
    resolved = path.resolve()
    for folder in resolved.parents:
        if (folder / VOCABULARY_FILE).is_file():
            return folder
    if resolved.is_relative_to(default.resolve()):
        return default
    return path if path.is_dir() else None


def inside(path: Path, folder: Path) -> Path:
    """Return a path in the folder the way the folder is written, so that the places of findings begin with it."""
    if path.is_relative_to(folder):
        return path
    return folder / path.resolve().relative_to(folder.resolve())
