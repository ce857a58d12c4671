"""What is wrong with a rule: gathered over all files, told at once, each with its place and a way out."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from shared.kernel.faults import InvalidRequest
from shared.rulekit.facts import nearest

_MOST_FAULTS = 100
_LONGEST_MESSAGE = 300


@dataclass(frozen=True, slots=True, order=True)
class RuleFault:
    """One mistake; lines and columns from 1, both 0 in a condition that is not from a file.

    For such a condition `path` is the way to the place: `rule.all.2.monthly_spend`.
    """

    path: str
    line: int
    column: int
    code: str
    message: str
    suggestion: str | None = None

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        hint = f" (did you mean {self.suggestion!r}?)" if self.suggestion else ""
        return f"{place}: {self.code}: {self.message}{hint}"


class RuleFaults(InvalidRequest):
    """Rules that cannot be used; `faults` holds every mistake of every file, in order of place."""

    code = "invalid_rules"

    def __init__(self, faults: Iterable[RuleFault]) -> None:
        self.faults = tuple(sorted(faults, key=lambda fault: (fault.path, fault.line, fault.column, fault.code)))
        lines = [str(fault) for fault in self.faults]
        super().__init__("\n".join(lines), details={"field": self.faults[0].path, "faults": lines})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a node stands: a file's path with line and column, or the way through an inline condition."""

    path: str
    line: int = 0
    column: int = 0


@dataclass(slots=True)
class Findings:
    """The faults found so far; readers add to it and go on, so that one run names every mistake.

    Of one file at most 100 are kept (the last one says `too_many_faults`), each of at most 300 characters: nobody
    reads more, and a file of a million mistakes must not fill memory.
    """

    faults: list[RuleFault] = field(default_factory=list)
    _counts: dict[str, int] = field(default_factory=dict)

    def add(self, place: Place, code: str, message: str, suggestion: str | None = None) -> None:
        """Note a fault."""
        count = self._counts.get(place.path, 0) + 1
        self._counts[place.path] = count
        if count > _MOST_FAULTS:
            return
        if count == _MOST_FAULTS:
            code, message, suggestion = "too_many_faults", "there are more mistakes in this file than are told", None
        if len(message) > _LONGEST_MESSAGE:
            message = f"{message[:_LONGEST_MESSAGE]}…"
        self.faults.append(RuleFault(place.path, place.line, place.column, code, message, suggestion))

    def unknown(self, place: Place, code: str, what: str, name: str, known: Iterable[str]) -> None:
        """Note a name that does not exist, with the nearest that does."""
        is_told = self._counts.get(place.path, 0) < _MOST_FAULTS  # looking for the nearest name takes its time
        self.add(place, code, f"there is no {what} {name!r}", nearest(name, known) if is_told else None)

    def check(self) -> None:
        """Raise RuleFaults if there are any."""
        if self.faults:
            raise RuleFaults(self.faults)
