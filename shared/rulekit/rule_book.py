"""The rules in force: read once, re-read when a file changes, never replaced by faulty ones."""

import threading
import time
from collections.abc import Callable
from pathlib import Path

from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.loading import KINDS, load_rules
from shared.rulekit.model import RuleBook

_SCAN_EVERY = 1.0  # seconds; a change is in force within this and the time of one load

_Signature = tuple[tuple[str, int, int, int, int], ...]


def _accept_all(book: RuleBook) -> None:
    """Take any sound book."""


class RuleSource:
    """The rules of a folder, current within 5 s of a change; safe to share between threads.

    A faulty change leaves the last good book in force: `faults` says what is wrong, `age` for how long the book has
    no longer been what the files say. `accept` may refuse a book that read well by raising RuleFaults (the guard of
    the rules engine does). Raises RuleFaults when the very first reading fails.
    """

    def __init__(
        self,
        folder: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        accept: Callable[[RuleBook], None] = _accept_all,
    ) -> None:
        self._folder = folder
        self._monotonic = monotonic
        self._accept = accept
        self._lock = threading.Lock()
        self._signature = _scan(folder)
        self._book = load_rules(folder)
        accept(self._book)
        self._scanned_at = self._matched_at = monotonic()
        self._faults: tuple[RuleFault, ...] = ()

    @property
    def faults(self) -> tuple[RuleFault, ...]:
        """What is wrong with the files as they stand; empty when the book in force is what they say."""
        return self._faults

    @property
    def age(self) -> float:
        """Seconds since the book in force was last seen to be what the files say."""
        return max(0.0, self._monotonic() - self._matched_at)

    def current(self) -> RuleBook:
        """Return the book in force; looks at the files at most once a second, reads them only when they changed."""
        if self._monotonic() - self._scanned_at < _SCAN_EVERY or not self._lock.acquire(blocking=False):
            return self._book  # somebody looked just now, or is looking: nobody waits for a reload
        try:
            self._look()
        finally:
            self._scanned_at = self._monotonic()
            self._lock.release()
        return self._book

    def _look(self) -> None:
        signature = _scan(self._folder)  # before reading: a change while reading is then seen next time
        if signature != self._signature:
            try:
                book = load_rules(self._folder)
                if book.version != self._book.version:  # comments and layout are no change
                    self._accept(book)
                    self._book = book
                self._faults = ()
            except RuleFaults as faulty:
                self._faults = faulty.faults
            self._signature = signature
        if not self._faults:
            self._matched_at = self._monotonic()


def _scan(folder: Path) -> _Signature:
    """Return what tells a changed file from an unchanged one; a vanishing file counts as a change."""
    found = []
    roots = [folder / "vocabulary.yaml", *(folder / kind for kind in KINDS)]
    for root in roots:
        for path in [root, *sorted(root.rglob("*"))] if root.is_dir() else [root]:
            try:
                stat = path.stat()
            except OSError:
                found.append((str(path), 0, 0, 0, 0))
                continue
            found.append((str(path), stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, stat.st_ino))
    return tuple(found)


__all__ = ["RuleBook", "RuleSource", "load_rules"]
