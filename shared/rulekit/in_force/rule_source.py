"""The rules in force: read once, re-read when a file changes, never replaced by faulty ones."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.in_force.archive import RuleArchive
from shared.rulekit.in_force.pin import Pin
from shared.rulekit.in_force.signature import files_of, signature_of
from shared.rulekit.in_force.state import Origin, RulesState, RuleWatcher, Unwatched
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

LOOK_EVERY = 0.5
"""Seconds between looks by whoever keeps a source current; a change is taken when two looks find the same."""

_OVERDUE = 1.5  # seconds; then `current` looks itself
_ATTEMPTS = 20  # at a first reading, while somebody is writing
_PAUSE = 0.1  # seconds between them


def _accept_all(book: RuleBook) -> None:
    """Take any sound book."""


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What should be in force: where it comes from, what tells it from another, and how to read it."""

    origin: Origin
    pin: Pin | None
    signature: object
    read: Callable[[], tuple[RuleBook, Mapping[str, bytes]]]


class RuleSource:
    """The rules of a folder, or the pinned set, current within 5 s of a change; safe to share between threads.

    A faulty change leaves the last good book in force; `state` says what is wrong and since when. `accept` may refuse
    a book that read well by raising RuleFaults (the guard of the rules engine does). With an `archive` every book
    that was taken is kept there, its pin is followed, and its newest set stands in for files that are faulty from the
    start. Raises RuleFaults when there is no book to begin with, unless it `may_be_empty`: then `current` raises them
    until there is one.
    """

    def __init__(
        self,
        folder: Path,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        accept: Callable[[RuleBook], None] = _accept_all,
        archive: RuleArchive | None = None,
        watcher: RuleWatcher | None = None,
        may_be_empty: bool = False,
    ) -> None:
        self._folder, self._archive = folder, archive
        self._monotonic = monotonic
        self._accept = accept
        self._watcher = watcher or Unwatched()
        self._lock = threading.Lock()
        self._book: RuleBook | None = None
        self._origin: Origin | None = None
        self._pin: Pin | None = None
        self._faults: tuple[RuleFault, ...] = ()
        self._taken: object = None
        self._seen: object = None
        self._looked_at = self._matched_at = monotonic()
        self._begin(may_be_empty=may_be_empty)

    @property
    def faults(self) -> tuple[RuleFault, ...]:
        """What is wrong with what should be in force; empty when it is."""
        return self._faults

    @property
    def age(self) -> float:
        """Seconds since the book in force was last seen to be the one that is wanted."""
        return max(0.0, self._monotonic() - self._matched_at)

    @property
    def state(self) -> RulesState:
        """Which rules are in force, and what is wrong with those that should be."""
        version = self._book.version if self._book else None
        return RulesState(version, self._origin, self._pin, self.age, self._faults)

    def current(self) -> RuleBook:
        """Return the book in force at once; looks for changes itself only where nobody else does."""
        if self._monotonic() - self._looked_at >= _OVERDUE:
            self.look()
        if self._book is None:
            raise RuleFaults(self._faults)
        return self._book

    def look(self, *, at_once: bool = False) -> None:
        """Take what changed, if it is sound and nobody is writing any more; call it every LOOK_EVERY seconds.

        `at_once` waits for whoever is looking, but not for a second look to find the same.
        """
        if not self._lock.acquire(blocking=at_once):
            return  # another thread is looking: nobody waits for a reload
        try:
            wanted = self._wanted()
            if wanted.signature == self._taken:
                self._seen = None
            elif wanted.signature == self._seen or at_once:
                self._take_over(wanted)
            else:
                self._seen = wanted.signature
            if not self._faults:
                self._matched_at = self._monotonic()
        finally:
            self._looked_at = self._monotonic()
            self._lock.release()

    def _begin(self, *, may_be_empty: bool) -> None:
        for _ in range(_ATTEMPTS):
            wanted = self._wanted()
            if self._take_over(wanted):
                break
            time.sleep(_PAUSE)
        else:
            self._refuse((RuleFault(str(self._folder), 1, 1, "still_changing", "somebody is writing these files"),))
        if self._book is None and wanted.pin is None and wanted.origin == "folder":
            self._stand_in()  # a pin that cannot be followed has a reason: nothing may stand in for it
        if self._book is None and not may_be_empty:
            raise RuleFaults(self._faults)

    def _wanted(self) -> _Wanted:
        try:
            pin = self._archive.pin() if self._archive else None
        except RuleFaults as faulty:
            return _Wanted("pin", None, ("pin", str(faulty)), _raiser(faulty))
        if self._archive is not None and pin is not None:
            archive, version = self._archive, pin.version
            return _Wanted("pin", pin, ("pin", pin, archive.signature(version)), lambda: (archive.load(version), {}))
        return _Wanted("folder", None, ("folder", signature_of(self._folder)), self._read_folder)

    def _read_folder(self) -> tuple[RuleBook, Mapping[str, bytes]]:
        return load_rules(self._folder), files_of(self._folder)

    def _take_over(self, wanted: _Wanted) -> bool:
        """Put what is wanted in force, or note why not; False when it changed while it was being read."""
        began = self._monotonic()
        faults: tuple[RuleFault, ...] = ()
        try:
            book, files = wanted.read()
            if self._book is None or book.version != self._book.version:
                self._accept(book)
        except RuleFaults as faulty:
            faults = faulty.faults
        except Exception as fault:  # noqa: BLE001 - whatever a file does to a reader, the last good book stays in force
            faults = (RuleFault(str(self._folder), 1, 1, "unreadable", f"{type(fault).__name__}: {fault}"),)
        if self._wanted().signature != wanted.signature:
            return False
        self._taken, self._seen, self._pin = wanted.signature, None, wanted.pin
        if faults:
            self._refuse(faults)
        else:
            self._take(book, wanted, self._monotonic() - began)
            self._keep(book, files)
        return True

    def _take(self, book: RuleBook, wanted: _Wanted, seconds: float) -> None:
        old = self._book
        self._faults, self._origin = (), wanted.origin
        self._matched_at = self._monotonic()
        if old is None or old.version != book.version:  # comments and layout are no change
            self._book = book
            self._watcher.reloaded(old.version if old else None, book.version, wanted.origin, seconds)

    def _keep(self, book: RuleBook, files: Mapping[str, bytes]) -> None:
        if self._archive is None or not files:
            return
        try:
            self._archive.keep(book.version, files, datetime.now(UTC))
        except OSError as fault:
            self._watcher.not_kept(book.version, str(fault))

    def _refuse(self, faults: tuple[RuleFault, ...]) -> None:
        if faults != self._faults:
            self._faults = faults
            self._watcher.refused(faults, self._book.version if self._book else None)

    def _stand_in(self) -> None:
        """Put the newest kept set that can be used in force; the faults of the files stay."""
        began = self._monotonic()
        newest_first = [one.version for one in reversed(self._archive.acceptances())] if self._archive else []
        for version in dict.fromkeys(newest_first):
            try:
                book = self._archive.load(version)  # type: ignore[union-attr]  # there are versions, so there is one
                self._accept(book)
            except RuleFaults:
                continue
            self._book, self._origin = book, "archive"
            self._watcher.reloaded(None, version, "archive", self._monotonic() - began)
            return


def _raiser(faulty: RuleFaults) -> Callable[[], tuple[RuleBook, Mapping[str, bytes]]]:
    def read() -> tuple[RuleBook, Mapping[str, bytes]]:
        raise faulty

    return read
