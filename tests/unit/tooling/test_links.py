"""Every relative link of every page leads somewhere."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.check_repository import tracked_files

ROOT = Path(__file__).parents[3]
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")


def links(text: str) -> Iterator[str]:
    """Yield the relative links of a page without their anchors; what stands in code is no link."""
    for found in _LINK.finditer(_CODE.sub("", _FENCE.sub("", text))):
        target = found["target"].partition("#")[0]
        if target and "://" not in target and not target.startswith("mailto:"):
            yield target


@pytest.mark.parametrize("page", [path for path in tracked_files(ROOT) if path.endswith(".md")])
def test_every_relative_link_leads_somewhere(page: str) -> None:
    file = ROOT / page
    if not file.exists():
        pytest.fail("a tracked page is not there")
    lost = [target for target in links(file.read_text("utf-8")) if not (file.parent / target).exists()]
    assert lost == []


def test_a_link_is_seen_where_it_is_one() -> None:
    text = "see [a](docs/a.md#part), [b](https://example.com), [c](#here)\n`[d](no.md)`\n```md\n[e](no.md)\n```\n"
    assert list(links(text)) == ["docs/a.md"]
