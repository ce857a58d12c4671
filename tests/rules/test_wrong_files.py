"""The corpus of deliberately wrong files under tests/rules/wrong: every fault at its line and column, and no other.

Each folder there has an `expected.yaml` written by hand: path, line, column, code.
"""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
import yaml

from services.workbench.rule_check.checks import check_rules

WRONG = Path(__file__).parent / "wrong"
FOLDERS = sorted(path.parent for path in WRONG.rglob("expected.yaml"))
ON = date(2026, 3, 2)

Found = tuple[str, int, int, str]


def expected(folder: Path) -> Counter[Found]:
    listed = yaml.safe_load((folder / "expected.yaml").read_text("utf-8"))
    return Counter((one["path"], one["line"], one["column"], one["code"]) for one in listed)


def found(folder: Path) -> Counter[Found]:
    report = check_rules(folder, ON).at_least("warning")
    return Counter(
        (Path(one.place.path).relative_to(folder).as_posix(), one.place.line, one.place.column, one.code)
        for one in report.findings
    )


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.relative_to(WRONG).as_posix())
def test_every_fault_is_told_at_its_place_and_no_other(folder: Path) -> None:
    assert found(folder) == expected(folder)


def test_the_corpus_is_large_and_covers_every_kind_of_file() -> None:
    files = {(folder, path) for folder in FOLDERS for path, *_ in expected(folder)}
    assert len(files) >= 100
    kinds = {Path(path).parts[0] for _, path in files}
    assert kinds >= {
        "vocabulary.yaml", "segments", "eligibility", "conflicts", "contact_policy", "triggers", "ranking",
        "catalogue", "campaigns", "column_maps", "check.yaml",
    }  # fmt: skip
    assert any(Path(path).name == "cases.yaml" for _, path in files)


def test_every_finding_has_words_in_both_languages() -> None:
    for folder in FOLDERS:
        for one in check_rules(folder, ON).findings:
            assert one.message.zh
            assert one.message.en
