"""What lies in a rules folder and is no rule, a vocabulary that cannot be used, files nobody wrote: refused by code."""

from pathlib import Path

import pytest

from shared.rulekit.reading.folder import load_rules
from tests.unit.rulekit.rule_folders import HEAD, VOCABULARY, faults_of, make_folder, only, put_rule

FOLDERS = {
    "segmants/one/rule.yaml": "unknown_folder",
    "segments/loose.yaml": "no_rule",
    "segments/empty/cases.yaml": "no_rule",
    "segments/Upper/rule.yaml": "bad_id",
}


@pytest.mark.parametrize(("path", "code"), FOLDERS.items())
def test_what_is_no_rule_is_not_passed_over(tmp_path: Path, path: str, code: str) -> None:
    make_folder(tmp_path)
    (tmp_path / path).parent.mkdir(parents=True)
    (tmp_path / path).write_text(HEAD.format(id="one") + "when: {age: 1}\n", encoding="utf-8")
    assert code in {fault.code for fault in faults_of(tmp_path)}


def test_plans_and_catalogue_are_no_rules(tmp_path: Path) -> None:
    make_folder(tmp_path)
    for name in ("campaigns/one/plan.yaml", "catalogue/offerings.yaml"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text("{", encoding="utf-8")
    assert load_rules(tmp_path).segments == {}


FACT = "{type: integer, owner: customer_view, column: age, zh: 年龄, en: Age}"
VOCABULARIES = {
    "": "empty",
    "facts: [": "syntax",
    "facts: []": "wrong_shape",
    "fact: {}": "missing_key",
    f"facts: {{Age: {FACT}}}": "bad_name",
    f"facts: {{id: {FACT}}}": "reserved_name",
    f"facts: {{any: {FACT}}}": "reserved_name",
    f"facts: {{age: {FACT}, years: {FACT}}}": "duplicate_column",
    "facts: {age: {type: int, owner: a, column: age, zh: 年龄, en: Age}}": "unknown_word",
    "facts: {age: {type: enum, owner: a, column: age, zh: 年龄, en: Age}}": "no_values",
    "facts: {age: {type: integer, owner: a, column: age, zh: 年龄, en: Age, values: {a: b}}}": "no_values",
    "facts: {age: {type: set, owner: a, column: age, zh: 年龄, en: Age, values: {'a,b': b}}}": "bad_value",
    "facts: {age: {type: integer, owner: a, column: a-b, zh: 年龄, en: Age}}": "bad_name",
}


@pytest.mark.parametrize(("text", "code"), VOCABULARIES.items())
def test_a_vocabulary_that_cannot_be_used_is_refused(tmp_path: Path, text: str, code: str) -> None:
    make_folder(tmp_path, text)
    assert code in {fault.code for fault in faults_of(tmp_path)}


def test_a_file_that_is_not_utf_8_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1}\n").write_bytes("owner: 增值业务".encode("gb18030"))
    fault = only(faults_of(tmp_path))
    assert (fault.code, fault.line, fault.column) == ("not_utf8", 1, 8)


def test_a_file_larger_than_a_person_writes_is_refused(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "#" * 1_000_001)
    assert only(faults_of(tmp_path)).code == "too_large"


def test_brackets_without_end_are_a_fault_and_no_crash(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: " + "[" * 100_000)
    assert only(faults_of(tmp_path)).code == "nested_too_deep"


def test_rules_that_are_not_there_are_a_fault(tmp_path: Path) -> None:
    assert only(faults_of(tmp_path / "nowhere")).code == "no_rules_folder"
    (tmp_path / "empty").mkdir()
    assert only(faults_of(tmp_path / "empty")).code == "unreadable"


def test_the_vocabulary_of_the_tests_is_sound(tmp_path: Path) -> None:
    assert len(load_rules(make_folder(tmp_path, VOCABULARY)).vocabulary) == 12


def test_who_names_a_segment_that_cannot_be_read_makes_no_mistake(tmp_path: Path) -> None:
    make_folder(tmp_path)
    put_rule(tmp_path, "segments", "one", "when: {age: 1\n")
    put_rule(tmp_path, "segments", "two", "when: {not: {segment: one}}\n")
    assert only(faults_of(tmp_path)).code == "syntax"
