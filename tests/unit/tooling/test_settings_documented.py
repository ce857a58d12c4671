"""The table of settings in docs/operations.md is what the code reads, no more and no less."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[3]
_ROW = re.compile(r"^\| (?P<names>`BANYAN_[^|]*) \|", re.MULTILINE)
_NAME = re.compile(r"BANYAN_[A-Z_]*[A-Z]")
INTERNAL = {"BANYAN_BUS", "BANYAN_RULE_SET"}
"""Keys of nameko's configuration, not of the environment."""


def documented() -> set[str]:
    page = (ROOT / "docs" / "operations.md").read_text("utf-8")
    return {name for row in _ROW.finditer(page) for name in _NAME.findall(row["names"])}


def read_by_the_code() -> set[str]:
    """Collect quoted names; those put together from a prefix are written out."""
    found: set[str] = set()
    for folder in ("shared", "services"):
        for path in (ROOT / folder).rglob("*.py"):
            text = path.read_text("utf-8")
            names = set(re.findall(r'["\'](BANYAN_[A-Z_]+)["\']', text))
            for prefix in {name for name in names if name.endswith("_")}:
                names.remove(prefix)
                names |= {prefix + rest for rest in re.findall(r'prefix \+ "([A-Z_]+)"', text)}
            found |= names
    return found - INTERNAL


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented() == read_by_the_code()


def test_the_settings_put_together_from_a_prefix_are_seen() -> None:
    assert "BANYAN_GOVERNANCE_OUTBOUND_HOURS" in read_by_the_code()
