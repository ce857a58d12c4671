"""Column maps: every mistake is told with file, line and column."""

from collections.abc import Callable
from pathlib import Path

import pytest

from services.customer_view.adapters.column_map_files import ColumnMapFaults, ColumnMapFiles
from services.customer_view.domain.column_map import ColumnMap
from shared.rulekit.reading.folder import load_rules
from shared.rulekit.vocabulary import Vocabulary
from tests.unit.customer_view.rules_folder import PROJECT, write_rules


@pytest.fixture(scope="module")
def vocabulary(tmp_path_factory: pytest.TempPathFactory) -> Vocabulary:
    return load_rules(write_rules(tmp_path_factory.mktemp("rules"))).vocabulary


@pytest.fixture
def read(tmp_path: Path, vocabulary: Vocabulary) -> Callable[[str], ColumnMap]:
    def read(text: str) -> ColumnMap:
        path = tmp_path / "map.yaml"
        path.write_text(text, encoding="utf-8")
        return ColumnMapFiles().read(path, vocabulary)

    return read


@pytest.mark.parametrize(
    ("text", "line", "code", "suggestion"),
    [
        ("id: a\nfacts:\n  aeg: {column: b}\n", 3, "unknown_fact", "age"),
        ("id: a\nfacts:\n  age: {colunm: b}\n", 3, "unknown_key", "column"),
        ("id: a\nfacts:\n  gender: {column: b, values: {男: mal}}\n", 3, "unknown_value", "male"),
        ("id: a\nfacts:\n  handset_brand: {column: b, pattern: '('}\n", 3, "bad_pattern", None),
        ("id: a\nfacts:\n  tenure_months: {column: b, months_since: '%Y'}\n", 3, "no_as_of", None),
        ("id: a\nfacts:\n  data_used_mb: {column: b, times: many}\n", 3, "bad_number", None),
        ("id: a\nfacts:\n  balance: {column: b, unit: jiao}\n", 3, "unknown_word", None),
        ("id: a\nfacts:\n  age: {column: b, between: [1]}\n", 3, "wrong_shape", None),
        ("id: a\nfacts:\n  products: {column: b}\n", 3, "missing_key", None),
        ("id: a\nfacts:\n  age: 5\n", 3, "wrong_shape", None),
        ("id: a\nfacts: [age]\n", 2, "wrong_shape", None),
        ("id: a\nencoding: latin-1\nfacts: {}\n", 2, "unknown_word", None),
        ("id: a\ndelimiter: ';;'\nfacts: {}\n", 2, "bad_delimiter", None),
        ("facts: {}\n", 1, "missing_key", None),
        ("id: a\nfacts: {age: {column: b}\n", 3, "syntax", None),
        ("", 1, "empty", None),
    ],
)
def test_a_mistake_in_a_map_is_told_with_its_line(
    read: Callable[[str], ColumnMap], text: str, line: int, code: str, suggestion: str | None
) -> None:
    with pytest.raises(ColumnMapFaults) as faults:
        read(text)
    assert (line, code, suggestion) in {(one.line, one.code, one.suggestion) for one in faults.value.faults}
    assert f"map.yaml:{line}:" in str(faults.value)
    assert faults.value.code == "invalid_column_map"


def test_all_mistakes_are_told_at_once(read: Callable[[str], ColumnMap]) -> None:
    with pytest.raises(ColumnMapFaults) as faults:
        read("id: a\nfacts:\n  aeg: {column: b}\n  gender: {column: c, values: {男: mal}}\n")
    assert [fault.line for fault in faults.value.faults] == [3, 4]


def test_a_map_that_is_not_there_is_a_fault_of_the_map(tmp_path: Path, vocabulary: Vocabulary) -> None:
    with pytest.raises(ColumnMapFaults, match="cannot be read"):
        ColumnMapFiles().read(tmp_path / "none.yaml", vocabulary)


def test_a_truth_column_needs_no_list_of_words(read: Callable[[str], ColumnMap]) -> None:
    recipe = read("id: a\nfacts:\n  is_student: {column: b}\n").facts["is_student"]
    assert [recipe.read({"b": cell}) for cell in ("是", "否", "1", "0", "")] == [True, False, True, False, None]


def test_an_enum_column_may_use_the_vocabulary_s_own_words(read: Callable[[str], ColumnMap]) -> None:
    assert read("id: a\nfacts: {gender: {column: b}}\n").facts["gender"].read({"b": "female"}) == "female"


def test_money_constants_are_yuan(read: Callable[[str], ColumnMap]) -> None:
    assert read("id: a\nfacts: {balance: {constant: 12.5}}\n").facts["balance"].read({}) == 1250


@pytest.mark.parametrize("path", sorted((PROJECT / "rules" / "column_maps").glob("*.yaml")))
def test_every_map_of_the_project_is_sound(path: Path) -> None:
    book = load_rules(PROJECT / "rules")
    assert ColumnMapFiles().read(path, book.vocabulary).columns
