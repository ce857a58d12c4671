"""Offerings in files: faults name file and line, good offerings are kept."""

from datetime import date
from pathlib import Path

import pytest

from services.catalogue.adapters.offering_files import read_offerings
from shared.contracts.catalogue import Price

_GOOD = """\
- offering_id: crbt
  name_zh: 彩铃
  name_en: Ring-back tone
  product_class: revenue
  category: crbt
  prices: [{amount_fen: 500, period: month}]
  valid_from: 2026-01-01
"""


def _file(folder: Path, text: str, name: str = "offerings.yaml") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_an_offering_is_read_with_its_place(tmp_path: Path) -> None:
    read = read_offerings(_file(tmp_path, _GOOD))
    assert read.faults == ()
    [offering] = read.offerings
    assert offering.prices == [Price(amount_fen=500, period="month")]
    assert offering.valid_from == date(2026, 1, 1)
    assert read.places == (f"{tmp_path}/offerings.yaml:1",)


@pytest.mark.parametrize(
    ("addition", "line", "code"),
    [
        ("  prices: [{amount_fen: 1}]\n", 13, "invalid_offering"),
        ("  prices:\n  - {amount_fen: 1, period: week}\n", 14, "invalid_offering"),
        ("  colour: red\n", 13, "invalid_offering"),
        ("  name_zh: 10086\n", 13, "invalid_offering"),
        ("  valid_to: tomorrow\n", 13, "invalid_offering"),
        ("  prices: [{amount_fen: 0o10, period: once}]\n", 13, "invalid_offering"),
        ("  category: again\n", 13, "duplicate_key"),
    ],
)
def test_a_fault_names_the_line_and_leaves_the_other_offerings(
    tmp_path: Path, addition: str, line: int, code: str
) -> None:
    bad = "- offering_id: bad\n  name_en: Bad\n  product_class: growth\n  category: crbt\n\n" + addition
    if "name_zh" not in addition:
        bad = bad.replace("\n\n", "\n  name_zh: 坏\n")
    read = read_offerings(_file(tmp_path, _GOOD + bad))
    assert "crbt" in [offering.offering_id for offering in read.offerings]
    assert [(fault.line, fault.code) for fault in read.faults] == [(line, code)]
    assert read.faults[0].path == f"{tmp_path}/offerings.yaml"


def test_the_same_offering_in_two_files_is_a_fault(tmp_path: Path) -> None:
    _file(tmp_path, _GOOD, "a.yaml")
    read = read_offerings(_file(tmp_path, _GOOD, "b.yaml"))
    assert len(read.offerings) == 1
    [fault] = read.faults
    assert (fault.code, fault.path) == ("duplicate_offering", f"{tmp_path}/b.yaml")
    assert "a.yaml:1" in fault.message


@pytest.mark.parametrize(
    ("text", "code"),
    [("a: [\n", "syntax"), ("offerings: 3\n", "wrong_shape"), ("- crbt\n", "wrong_shape"), ("", "empty")],
)
def test_a_file_of_another_shape_is_a_fault(tmp_path: Path, text: str, code: str) -> None:
    read = read_offerings(_file(tmp_path, text))
    assert [fault.code for fault in read.faults] == [code]


def test_a_missing_folder_is_a_fault(tmp_path: Path) -> None:
    assert [fault.code for fault in read_offerings(tmp_path / "none").faults] == ["no_such_path"]


def test_a_single_file_can_be_read_too(tmp_path: Path) -> None:
    assert len(read_offerings(_file(tmp_path, _GOOD) / "offerings.yaml").offerings) == 1
