"""Every rule set that was accepted, kept by its version: never rewritten, checked whenever it is read.

    <folder>/sets/<version>/manifest.json      which files with which SHA-256
    <folder>/sets/<version>/rules/…            vocabulary, rules and cases as they were, in a folder of rules
    <folder>/accepted/<microseconds>-<version> one empty file each time the folder of rules came to mean another set
    <folder>/pin.json                          the pin, if there is one

Several processes, on several hosts, may share the folder: whatever appears in it appears by one rename.
"""

import hashlib
import json
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.kernel.faults import NotFound
from shared.rulekit.faults import RuleFault, RuleFaults
from shared.rulekit.in_force.pin import VERSION, Pin, read_pin, write_pin
from shared.rulekit.in_force.signature import Signature, files_of, signature_of
from shared.rulekit.model import RuleBook
from shared.rulekit.reading.folder import load_rules

_MOST_SETS = 50
_MOST_NOTES = 500  # of acceptances
_ABANDONED_SECONDS = 3600.0
_NOTE = re.compile(rf"(\d{{16}})-({VERSION.pattern})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Acceptance:
    """When a rule set was taken from the folder of rules."""

    version: str
    at: datetime


class RuleArchive:
    """The kept rule sets of one installation; at most `most` of them."""

    def __init__(self, folder: Path, *, most: int = _MOST_SETS) -> None:
        self._folder = folder
        self._sets = folder / "sets"
        self._accepted = folder / "accepted"
        self._pin = folder / "pin.json"
        self._most = most

    def keep(self, version: str, files: Mapping[str, bytes], at: datetime) -> None:
        """Keep a set that was accepted at a moment (with time zone); does nothing more where it is the newest already.

        A kept set that is damaged is replaced. Raises OSError when the folder cannot be written.
        """
        if not self.is_sound(version):
            self._store(version, files)
        newest = self.acceptances()[-1:]
        if not newest or newest[0].version != version:
            self._accepted.mkdir(parents=True, exist_ok=True)
            (self._accepted / f"{(at - _EPOCH) // _MICROSECOND:016}-{version}").touch()
        self._prune()

    def load(self, version: str) -> RuleBook:
        """Return a kept set; raises RuleFaults (codes `set_missing`, `set_corrupt`) for one that is not what it was."""
        home = self._home(version)
        problem = self._problem(version)
        if problem is not None:
            raise problem
        book = load_rules(home / "rules")
        if book.version != version:
            message = f"rule set {version} reads as {book.version}: it was written by another Banyan"
            raise _faults(home, "set_corrupt", message)
        return book

    def is_sound(self, version: str) -> bool:
        """Tell whether a set is kept and every file of it is as it was."""
        return self._problem(version) is None

    def rules_of(self, version: str) -> Path:
        """Return the folder of rules of a kept set; raises NotFound."""
        home = self._home(version)
        if not home.is_dir():
            raise NotFound(f"rule set {version} is not kept", details={"kind": "rule_set", "id": version})
        return home / "rules"

    def signature(self, version: str) -> Signature:
        """Return what changes when a kept set comes, goes or is damaged."""
        return signature_of(self._home(version) / "rules")

    def versions(self) -> list[str]:
        """Return the kept versions in alphabetical order."""
        if not self._sets.is_dir():
            return []
        return sorted(entry.name for entry in self._sets.iterdir() if VERSION.fullmatch(entry.name))

    def acceptances(self) -> list[Acceptance]:
        """Return when which set was accepted, oldest first, one after another the same only once."""
        found: list[Acceptance] = []
        names = sorted(entry.name for entry in self._accepted.iterdir()) if self._accepted.is_dir() else []
        for name in names:
            note = _NOTE.fullmatch(name)
            if note and (not found or found[-1].version != note[2]):
                found.append(Acceptance(note[2], _EPOCH + int(note[1]) * _MICROSECOND))
        return found

    def before(self, version: str) -> str | None:
        """Return the kept set that was in force before the last time that `version` was; None where there is none."""
        history = [acceptance.version for acceptance in self.acceptances()]
        if version in history:
            history = history[: len(history) - history[::-1].index(version)]
        kept = set(self.versions())
        return next((one for one in reversed(history) if one != version and one in kept), None)

    def pin(self) -> Pin | None:
        """Return the pin; raises RuleFaults (code `pin_unreadable`)."""
        return read_pin(self._pin)

    def put_pin(self, pin: Pin) -> None:
        """Have every process use a kept set; raises NotFound and RuleFaults for one that could not be used."""
        self.rules_of(pin.version)
        self.load(pin.version)
        write_pin(self._pin, pin)

    def remove_pin(self) -> bool:
        """Go back to the folder of rules; tells whether there was a pin."""
        was_there = self._pin.exists()
        self._pin.unlink(missing_ok=True)
        return was_there

    def _home(self, version: str) -> Path:
        if not VERSION.fullmatch(version):
            raise NotFound(f"{version!r} is not the version of a rule set", details={"kind": "rule_set", "id": version})
        return self._sets / version

    def _problem(self, version: str) -> RuleFaults | None:
        home = self._home(version)
        try:
            wanted = json.loads((home / "manifest.json").read_bytes())
            found = _digests(files_of(home / "rules"))
        except (FileNotFoundError, NotADirectoryError):
            return _faults(home, "set_missing", f"rule set {version} is not kept here")
        except (OSError, ValueError) as fault:
            return _faults(home, "set_corrupt", f"rule set {version} cannot be read: {fault}")
        expected = wanted.get("files") if isinstance(wanted, dict) else None
        if expected == found:
            return None
        differing = _first_difference(expected if isinstance(expected, dict) else {}, found)
        return _faults(home / "rules" / differing, "set_corrupt", f"not as it was when rule set {version} was kept")

    def _store(self, version: str, files: Mapping[str, bytes]) -> None:
        home = self._home(version)
        self._sets.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=self._sets, prefix=".new-"))
        try:
            for place in {(partial / "rules" / name).parent for name in files}:
                place.mkdir(parents=True, exist_ok=True)
            for name, content in files.items():
                (partial / "rules" / name).write_bytes(content)
            manifest = {"version": version, "files": _digests(files)}
            (partial / "manifest.json").write_text(json.dumps(manifest, indent=1), encoding="utf-8")
            partial.chmod(0o755)  # others read what one process keeps
            if home.exists() and not self.is_sound(version):
                self._discard(home)
            if not home.exists():
                partial.rename(home)
        except OSError:
            if not self.is_sound(version):  # unless another process kept it meanwhile
                raise
        finally:
            shutil.rmtree(partial, ignore_errors=True)

    def _discard(self, path: Path) -> None:
        gone = Path(tempfile.mkdtemp(dir=self._sets, prefix=".gone-"))
        path.rename(gone / path.name)
        shutil.rmtree(gone, ignore_errors=True)

    def _prune(self) -> None:
        """Forget what is too much: old notes, the sets accepted longest ago, what a killed process left behind."""
        for name in sorted(entry.name for entry in self._accepted.iterdir())[:-_MOST_NOTES]:
            (self._accepted / name).unlink(missing_ok=True)
        for version in self._spare():
            with suppress(FileNotFoundError):  # another process was quicker
                self._discard(self._sets / version)
        for entry in self._sets.glob(".*"):
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime < time.time() - _ABANDONED_SECONDS:
                    shutil.rmtree(entry, ignore_errors=True)

    def _spare(self) -> list[str]:
        """Return the sets that are too many: never the newest or the pinned one, none while the pin is unreadable."""
        try:
            pin = self.pin()
        except RuleFaults:
            return []
        history = dict.fromkeys(acceptance.version for acceptance in reversed(self.acceptances()))
        kept = self.versions()
        newest_first = [one for one in history if one in kept] + [one for one in kept if one not in history]
        loose = [one for one in newest_first if pin is None or one != pin.version]
        return loose[max(1, self._most - (len(newest_first) - len(loose))) :]


def _digests(files: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in sorted(files.items())}


def _first_difference(expected: Mapping[str, object], found: Mapping[str, str]) -> str:
    return next((name for name in sorted({*expected, *found}) if expected.get(name) != found.get(name)), "")


def _faults(place: Path, code: str, message: str) -> RuleFaults:
    return RuleFaults([RuleFault(str(place), 1, 1, code, message)])
