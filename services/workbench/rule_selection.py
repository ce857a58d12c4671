"""Which rules a path means: a folder of rules, one kind of it, one rule, or one of a rule's files."""

from dataclasses import dataclass
from pathlib import Path

from shared.kernel.faults import NotFound
from shared.rulekit.reading.folder import KINDS, VOCABULARY_FILE


class NoRulesHere(NotFound):
    """A path is not in a folder of rules."""

    code = "no_rules_folder"


@dataclass(frozen=True, slots=True)
class RuleSelection:
    """Some of the rules of a folder; None means all kinds, or all rules of the kind."""

    folder: Path
    kind: str | None = None
    rule_id: str | None = None

    def has(self, kind: str, rule_id: str) -> bool:
        """Tell whether a rule is meant."""
        return self.kind in {None, kind} and self.rule_id in {None, rule_id}

    def files(self, name: str) -> list[Path]:
        """Return the files of this name (`rule.yaml`, `cases.yaml`) of the rules meant, in order."""
        kinds = KINDS if self.kind is None else (self.kind,)
        found = (path for kind in kinds for path in (self.folder / kind).glob(f"*/{name}"))
        return sorted(path for path in found if self.has(path.parent.parent.name, path.parent.name))


def select_rules(path: Path) -> RuleSelection:
    """Return what a path means; raises NoRulesHere for a path outside every folder of rules, or a rule not there."""
    if not path.exists():
        raise NoRulesHere(f"{path}: there is no such file or folder", details={"kind": "path", "id": str(path)})
    for folder in (path, *path.absolute().parents):
        if (folder / VOCABULARY_FILE).is_file():
            inside = () if folder == path else path.absolute().relative_to(folder).parts
            if inside and inside[0] in KINDS:
                return RuleSelection(_shown(folder, path), *inside[:2])
            if not inside or inside == (VOCABULARY_FILE,):
                return RuleSelection(_shown(folder, path))
            break
    message = f"{path}: not a folder of rules (one with {VOCABULARY_FILE}), nor a kind or a rule in one"
    raise NoRulesHere(message, details={"kind": "path", "id": str(path)})


def _shown(folder: Path, path: Path) -> Path:
    """Return the folder as short as the path was given, so that faults are told with paths the reader knows."""
    if folder == path or path.is_absolute():
        return folder
    try:
        return folder.relative_to(Path.cwd())
    except ValueError:
        return folder
