"""A rule file on its own: its kind is told from what it holds, wherever it stands."""

from pathlib import Path

import pytest

from shared.rulekit import model
from shared.rulekit.faults import RuleFaults
from shared.rulekit.reading.rule_file import read_rule_file
from tests.unit.rulekit.rule_folders import HEAD, make_book

KINDS = {
    "when: {age: 1}\n": model.SegmentRule,
    "level: suitability\nwhen: {age: 1}\n": model.EligibilityRule,
    "kind: not_within\nsame: category\nspan: 1d\n": model.NotWithin,
    "kind: list_effect\nlist: red\n": model.ListEffect,
    "kind: count\nevent: passed\nat_least: 1\nwithin: 1d\n": model.TriggerRule,
    "order: 1\nvalue: {at_least: 0, at_most: 1}\npropensity: {at_least: 0, at_most: 1, otherwise: 0}\n"
    "priority: {at_least: 0, at_most: 1}\n": model.RankingRule,
}


@pytest.mark.parametrize(("body", "kind"), KINDS.items())
@pytest.mark.parametrize("lenient", [True, False])
def test_the_kind_is_told_from_what_the_file_holds(
    tmp_path: Path, body: str, kind: type[model.Rule], *, lenient: bool
) -> None:
    book = make_book(tmp_path / "rules")
    path = tmp_path / "anything.yml"
    path.write_text(HEAD.format(id="called-so") + body, encoding="utf-8")
    rule = read_rule_file(path, book, lenient=lenient)
    assert isinstance(rule, kind)
    assert (rule.id, rule.owner) == ("called-so", "tests")


LOOSE = {
    "when: {age: {at_least: 18}}\n": model.Compare("age", "at_least", 18),
    "age: {at_least: 18}\n": model.Compare("age", "at_least", 18),
    "version: 7\nwhen: {segment: old}\n": model.InSegment("old"),
    "not: {arrears: true}\n": model.Not(model.Compare("arrears", "equals", True)),
    "level: eligibility\nwhen: {age: 1}\n": model.Compare("age", "equals", 1),
    "because: {en: grown up}\nwhen: {age: 1}\n": model.Compare("age", "equals", 1),
}


@pytest.mark.parametrize(("text", "condition"), LOOSE.items())
def test_a_rule_that_is_only_thought_about_needs_no_more_than_a_condition(
    tmp_path: Path, text: str, condition: model.Condition
) -> None:
    book = make_book(tmp_path / "rules", old="when: {age: {at_least: 60}}\n")
    path = tmp_path / "grown-up.yaml"
    path.write_text(text, encoding="utf-8")
    rule = read_rule_file(path, book, lenient=True)
    assert isinstance(rule, model.SegmentRule | model.EligibilityRule)
    assert (rule.id, rule.when) == ("grown-up", condition)
    with pytest.raises(RuleFaults):
        read_rule_file(path, book)


def test_a_file_called_rule_is_named_after_its_folder(tmp_path: Path) -> None:
    book = make_book(tmp_path / "rules")
    (tmp_path / "grown-up").mkdir()
    (tmp_path / "grown-up" / "rule.yaml").write_text("when: {age: 1}\n", encoding="utf-8")
    assert read_rule_file(tmp_path / "grown-up" / "rule.yaml", book.vocabulary, lenient=True).id == "grown-up"


WRONG = {
    "": "empty",
    "- age\n": "wrong_shape",
    "agge: 1\n": "unknown_fact",
    "kind: countt\n": "unknown_word",
    "when: {segment: young}\n": "unknown_segment",
    "when: {age: {atleast: 1}}\n": "unknown_operator",
    "level: eligible\nwhen: {age: 1}\n": "unknown_word",
    "kind: [a]\n": "wrong_shape",
}


@pytest.mark.parametrize(("text", "code"), WRONG.items())
def test_a_wrong_file_is_told_with_its_own_path(tmp_path: Path, text: str, code: str) -> None:
    book = make_book(tmp_path / "rules")
    path = tmp_path / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RuleFaults) as caught:
        read_rule_file(path, book, lenient=True)
    (fault,) = caught.value.faults
    assert (fault.code, fault.path) == (code, str(path))


def test_segments_are_asked_for_only_where_they_are_known(tmp_path: Path) -> None:
    book = make_book(tmp_path / "rules")
    path = tmp_path / "one.yaml"
    path.write_text("segment: young\n", encoding="utf-8")
    assert isinstance(read_rule_file(path, book.vocabulary, lenient=True), model.SegmentRule)
    assert isinstance(read_rule_file(path, book, segments=["young"], lenient=True), model.SegmentRule)
    with pytest.raises(RuleFaults):
        read_rule_file(path, book.vocabulary, segments=[], lenient=True)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(RuleFaults) as caught:
        read_rule_file(tmp_path / "nowhere.yaml", make_book(tmp_path / "rules"))
    assert [fault.code for fault in caught.value.faults] == ["unreadable"]
