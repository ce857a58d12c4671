"""What `banyan rules fmt` does: rule files and cases in their canonical form, faulty ones left alone."""

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

import msgspec

from services.workbench.rule_selection import RuleSelection
from shared.rulekit.cases.reading import read_cases
from shared.rulekit.faults import Findings, RuleFault, RuleFaults
from shared.rulekit.formatting import format_rule_file
from shared.rulekit.reading.folder import read_rules


class FormatReport(msgspec.Struct, frozen=True, kw_only=True):
    """Which files are (or were) not in canonical form, and which were left alone because of their faults."""

    files: int
    changed: list[str]
    diffs: list[str]
    """For each of `changed`, from what to what, as a unified diff."""
    faults: list[RuleFault]


@dataclass(frozen=True, slots=True)
class _Change:
    path: Path
    before: bytes
    after: bytes

    @property
    def diff(self) -> str:
        old, new = (text.decode(errors="replace").splitlines(keepends=True) for text in (self.before, self.after))
        return "".join(difflib.unified_diff(old, new, f"{self.path}", f"{self.path} (formatted)"))


def format_rules(selection: RuleSelection, *, write: bool) -> FormatReport:
    """Bring the rule and case files selected into canonical form, in place when `write`; the version never changes."""
    faults = _faults(selection.folder)
    faulty = {Path(fault.path).resolve() for fault in faults}
    paths = [path for name in ("rule.yaml", "cases.yaml") for path in selection.files(name)]
    changes: list[_Change] = []
    refused: list[RuleFault] = []
    for path in sorted(paths):
        if path.resolve() in faulty:
            continue
        try:
            before = path.read_bytes()
            after = format_rule_file(before.decode("utf-8-sig"), str(path)).encode()
        except RuleFaults as refusal:
            refused += refusal.faults
            continue
        if after != before:
            changes.append(_Change(path, before, after))
    for change in changes if write else ():
        _replace(change.path, change.after)
    own = [fault for fault in faults if Path(fault.path).resolve() in {path.resolve() for path in paths}]
    return FormatReport(
        files=len(paths),
        changed=[str(change.path) for change in changes],
        diffs=[change.diff for change in changes],
        faults=sorted([*own, *refused]),
    )


def _faults(folder: Path) -> list[RuleFault]:
    findings = Findings()
    book = read_rules(folder, findings)
    if book is not None and not findings.faults:
        try:
            read_cases(book, folder)
        except RuleFaults as found:
            return list(found.faults)
    return findings.faults


def _replace(path: Path, content: bytes) -> None:
    """Write the whole file or nothing: a process that watches the rules never sees half of one."""
    beside = path.with_name(f".{path.name}.new")
    beside.write_bytes(content)
    beside.chmod(path.stat().st_mode)
    os.replace(beside, path)  # noqa: PTH105 - says that it replaces
