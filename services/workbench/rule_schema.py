"""The JSON Schemas beside the rules: written, and compared with what the rules now need."""

from pathlib import Path

from shared.rulekit.json_schema.schemas import schema_files
from shared.rulekit.reading.folder import load_rules

FOLDER = "schema"


def write_schemas(folder: Path) -> list[str]:
    """Write the schemas of a folder of rules into its `schema/`; return the names of the files that changed.

    Raises RuleFaults when the rules cannot be read.
    """
    files = schema_files(load_rules(folder))
    changed = _stale(folder, files)
    (folder / FOLDER).mkdir(exist_ok=True)
    for name in changed:
        (folder / FOLDER / name).write_text(files[name], encoding="utf-8")
    return changed


def stale_schemas(folder: Path) -> list[str]:
    """Return the names of the schemas that are missing or no longer fit; raises RuleFaults."""
    return _stale(folder, schema_files(load_rules(folder)))


def schemas(folder: Path) -> dict[str, str]:
    """Return every schema as it ought to be, by the name of its file; raises RuleFaults."""
    return schema_files(load_rules(folder))


def _stale(folder: Path, files: dict[str, str]) -> list[str]:
    return [name for name, content in files.items() if _content(folder / FOLDER / name) != content]


def _content(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return None
