"""Check what no linter looks at: lock files without addresses, short modules, no traces of one machine.

`python -m scripts.check_repository` prints a line for each finding (`path:line: what is wrong`); exit 1 if any.
"""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

MOST_LINES = 300
DECISIONS = "docs/decisions/0001-record-decisions.md"
EMPTY_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
_ADDRESS = re.compile(r"--(extra-)?index-url|--find-links|https?://|file://", re.IGNORECASE)
_INDEX = re.compile(r"--(extra-)?index-url[ =]|https?://[^\s\"]*/simple(?![\w-])")
_LISTED = re.compile(r"\]\((\d{4}-[a-z0-9-]+\.md)\)")
_MACHINE = re.compile(r"(?<![\w.}~-])/(?:home|Users|work|farm)/[\w.]|(?<![\w.}~-])/root/[\w.]|[A-Z]:\\Users\\")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to mend; `line` 0 means the file as a whole."""

    path: str
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def check_file(path: str, text: str) -> Iterator[Finding]:
    """Yield what is wrong with one tracked text file; `path` is relative to the repository."""
    lines = text.splitlines()
    if path.endswith(".py"):
        yield from _check_module(path, lines)
    for number, line in enumerate(lines, 1):
        if path.endswith(".lock") and _ADDRESS.search(line):
            yield Finding(path, number, "a lock file names packages and hashes, never where to fetch them")
        elif _INDEX.search(line):
            yield Finding(path, number, "names a package index; that belongs into the user's pip.conf")
        if _MACHINE.search(line):
            yield Finding(path, number, "names a folder that exists on one machine only")


def _check_module(path: str, lines: list[str]) -> Iterator[Finding]:
    if len(lines) > MOST_LINES:
        yield Finding(path, 0, f"has {len(lines)} lines; a module has at most {MOST_LINES}")
    if Path(path).stem in EMPTY_NAMES:
        yield Finding(path, 0, "is named after nothing; name the module after the one idea it holds")


def check_decisions(index: str, pages: Sequence[str]) -> Iterator[Finding]:
    """Yield where the list of decisions (the text of page 0001) and the pages that exist differ."""
    listed = set(_LISTED.findall(index))
    for page in sorted(set(pages) - listed):
        yield Finding(DECISIONS, 0, f"the list lacks {page}")
    for page in sorted(listed - set(pages)):
        yield Finding(DECISIONS, 0, f"the list names {page}, which is not there")


def tracked_files(root: Path) -> list[str]:
    """Return the paths git knows, relative to `root`."""
    listing = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True)
    return [path for path in listing.stdout.split("\0") if path]


def check_repository(root: Path) -> Iterator[Finding]:
    """Yield the findings of all tracked text files."""
    paths = tracked_files(root)
    if DECISIONS in paths:
        folder = Path(DECISIONS).parent
        pages = [Path(path).name for path in paths if Path(path).parent == folder and path.endswith(".md")]
        yield from check_decisions((root / DECISIONS).read_text("utf-8"), pages)
    for path in paths:
        file = root / path
        if file.is_file():
            content = file.read_bytes()
            if b"\0" not in content:
                yield from check_file(path, content.decode(errors="replace"))


def main() -> int:
    """Print the findings; 1 if there is any."""
    findings = list(check_repository(Path(__file__).resolve().parent.parent))
    sys.stdout.writelines(f"{finding}\n" for finding in findings)
    return int(bool(findings))


if __name__ == "__main__":
    raise SystemExit(main())
