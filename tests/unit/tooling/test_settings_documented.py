"""The table of settings in docs/operations.md is what the code reads, no more and no less."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
_ROW = re.compile(r"^\| (?P<names>`BANYAN_[^|]*) \|", re.MULTILINE)
_NAME = re.compile(r"BANYAN_[A-Z_]*[A-Z]")
_QUOTED = re.compile(r'["\'](BANYAN_[A-Z_]+)["\']')
INTERNAL = {"BANYAN_BUS"}
"""Keys of nameko's configuration, not of the environment."""


def documented() -> set[str]:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    return {name for row in _ROW.finditer(page) for name in _NAME.findall(row["names"])}


def read_by_the_code() -> set[str]:
    """Collect the names that stand in quotes."""
    found: set[str] = set()
    for folder in ("shared", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(_QUOTED.findall(path.read_text("utf-8")))
    return found - INTERNAL


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented() == read_by_the_code()
