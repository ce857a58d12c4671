"""`rules/check.yaml`: findings that somebody has looked at and accepts, each with the reason."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from shared.kernel.text import Text
from shared.rulekit.analysis.explaining import CODES
from shared.rulekit.analysis.findings import Finding
from shared.rulekit.facts import nearest
from shared.rulekit.faults import Findings
from shared.rulekit.reading.reader import Reader
from shared.rulekit.reading.tree import Node
from shared.rulekit.reading.yaml_tree import read_yaml

NAME = "check.yaml"


@dataclass(frozen=True, slots=True)
class Accepted:
    """One accepted kind of finding: its code, the file or folder within the rules, words of the message if given."""

    code: str
    path: str
    about: str
    node: Node

    def covers(self, finding: Finding, folder: Path) -> bool:
        """Tell whether this is a finding that was accepted."""
        at = Path(finding.place.path)
        inside = at.relative_to(folder).as_posix() if at.is_relative_to(folder) else at.as_posix()
        here = inside == self.path or inside.startswith(self.path.rstrip("/") + "/")
        return finding.code == self.code and here and self.about in [*finding.message.en.split(), ""]


def read_accepted(folder: Path, findings: Findings) -> list[Accepted]:
    """Return the entries of check.yaml; a folder without one accepts nothing.

    Codes: no_reason, unknown_code, never_accepted, those of `Reader`.
    """
    path = folder / NAME
    node = read_yaml(path, findings) if path.is_file() else None
    reader = Reader(findings)
    return [one for item in reader.items(node) if (one := _entry(item, reader)) is not None]


def _entry(node: Node, reader: Reader) -> Accepted | None:
    before = len(reader.findings.faults)
    parts = reader.fields(node, node.place, ("code", "path"), ("reason", "about"))
    code = reader.text(parts.get("code"))
    if code and code not in CODES:
        reader.findings.add(parts["code"].place, "unknown_code", f"there is no code {code!r}", nearest(code, CODES))
    elif code and CODES[code].severity == "error":
        message = f"{code} is an error: mend it, it cannot be accepted"
        reader.findings.add(parts["code"].place, "never_accepted", message)
    if parts and "reason" not in parts:
        reader.findings.add(node.place, "no_reason", "say in 'reason' why this finding is accepted")
    reader.text(parts.get("reason"))
    path, about = reader.text(parts.get("path")), reader.text(parts.get("about"))
    return Accepted(code, path, about, node) if len(reader.findings.faults) == before else None


def without_accepted(
    found: Sequence[Finding], accepted: Sequence[Accepted], folder: Path, *, is_complete: bool
) -> list[Finding]:
    """Return the findings nobody has accepted, and one for each entry that accepts nothing (any more).

    Where not all files could be read (`is_complete`), entries are not blamed for what could not be found.
    """
    kept, used = [], set[int]()
    for finding in found:
        matching = [at for at, one in enumerate(accepted) if one.covers(finding, folder)]
        used.update(matching)
        if not matching:
            kept.append(finding)
    for at, one in enumerate(accepted):
        if is_complete and at not in used:
            zh, en = f"{one.path} 中没有 {one.code}", f"there is no {one.code} in {one.path} any more"
            kept.append(Finding(one.node.place, "unknown_exception", Text(zh, en), Text("删去", "delete it")))
    return kept
