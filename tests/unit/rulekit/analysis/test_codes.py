"""Every code that a check can report is explained, in both languages."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from shared.rulekit.analysis.codes import Code
from shared.rulekit.analysis.explaining import CODES, code_of

ROOT = Path(__file__).parents[4]
SOURCES = [
    *(path for path in (ROOT / "shared" / "rulekit").rglob("*.py") if path.name != "formatting.py"),
    *(ROOT / "services" / "workbench" / "checking").glob("*.py"),
    ROOT / "services" / "customer_view" / "adapters" / "column_map_files.py",
    ROOT / "services" / "customer_view" / "adapters" / "recipe_reading.py",
    ROOT / "services" / "campaigns" / "domain" / "plan_checks.py",
]
PLACE_OF_CODE = {"add": 1, "unknown": 1, "Finding": 1, "PlanFault": 0, "_fault": 1, "_known": 2}
"""Which argument of a call is the code."""


def codes_in(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        at = PLACE_OF_CODE.get(called)
        words = [node.args[at]] if at is not None and at < len(node.args) else []
        words += [keyword.value for keyword in node.keywords if keyword.arg == "code"]
        yield from (word.value for word in words if isinstance(word, ast.Constant) and isinstance(word.value, str))


def test_every_code_in_the_sources_is_explained() -> None:
    missing = {(code, path.name) for path in SOURCES for code in codes_in(path) if code not in CODES}
    assert missing == set()
    assert sum(1 for path in SOURCES for _ in codes_in(path)) > 150, "the codes were found at all"


@pytest.mark.parametrize("code", CODES.values(), ids=list(CODES))
def test_a_code_has_title_and_explanation_in_both_languages(code: Code) -> None:
    assert all((code.title.zh, code.title.en, code.explanation.zh, code.explanation.en))
    assert code.title.en != code.explanation.en
    assert any("一" <= letter <= "鿿" for letter in code.title.zh)


def test_a_code_nobody_knows_is_an_error_by_its_own_name() -> None:
    assert (code_of("quite_new").severity, code_of("quite_new").title.en) == ("error", "quite new")
