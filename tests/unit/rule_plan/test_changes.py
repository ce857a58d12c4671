"""What may hold for others than before is found without looking at anybody."""

from dataclasses import replace
from pathlib import Path

import pytest

from services.workbench.rule_plan.changes import Change, find_changes, find_edits
from shared.kernel.text import Text
from shared.rulekit.model import Compare, InSegment, IsKnown, RuleBook
from tests.unit.rule_plan.versions import OFFERINGS, edited, make_book, side_of


@pytest.fixture
def book(tmp_path: Path) -> RuleBook:
    return make_book(tmp_path / "rules")


def named(changes: list[Change]) -> set[tuple[str, str]]:
    return {(change.kind, change.id) for change in changes}


def test_other_words_are_an_edit_but_change_nobody(book: RuleBook) -> None:
    rule = replace(book.eligibility["lawful"], because=Text("新", "new"), version="other")
    after = side_of(replace(book, eligibility={**book.eligibility, "lawful": rule}))
    assert find_changes(side_of(book), after) == []
    assert [(edit.kind, edit.id, edit.status) for edit in find_edits(side_of(book), after)] == [
        ("eligibility", "lawful", "changed")
    ]


def test_a_segment_carries_to_its_rivals_to_rules_that_name_it_and_to_their_offerings(book: RuleBook) -> None:
    after = side_of(edited(book, {"silent": IsKnown("age")}))
    assert named(find_changes(side_of(book), after)) == {
        ("segment", "silent"),
        ("segment", "active"),  # later in the class
        ("eligibility", "sensible"),  # names `active`
        ("offering", "plain"),
    }


def test_a_rule_that_names_a_segment_changes_with_the_segment_it_names_now(book: RuleBook) -> None:
    after = side_of(edited(book, {"sensible": InSegment("silent")}))
    assert named(find_changes(side_of(book), after)) == {("eligibility", "sensible"), ("offering", "plain")}


def test_an_offering_fails_by_what_the_law_says_before_what_fits(book: RuleBook) -> None:
    after = side_of(edited(book, {"lawful": Compare("arrears", "equals", operand=True)}))
    (change,) = [one for one in find_changes(side_of(book), after) if one.id == "plain"]
    assert [part.name for part in change.after] == ["lawful", "sensible", "fits"]


def test_a_bundle_asks_for_its_own_rules_not_for_those_of_its_components(book: RuleBook) -> None:
    after = side_of(edited(book, {"fits": IsKnown("spend")}))
    assert ("offering", "bundle") not in named(find_changes(side_of(book), after))


def test_things_on_one_side_only_are_added_or_removed(book: RuleBook) -> None:
    fewer = {name: one for name, one in OFFERINGS.items() if name != "open"}
    there, here = find_changes(side_of(book), side_of(book, fewer)), find_changes(side_of(book, fewer), side_of(book))
    assert [(one.id, one.status) for one in there] == [("open", "removed")]
    assert [(one.id, one.status) for one in here] == [("open", "added")]


def test_a_fact_that_moved_to_another_column_changes_what_reads_it(book: RuleBook) -> None:
    vocabulary = book.vocabulary
    moved = replace(vocabulary["spend"], column="elsewhere")
    after = replace(book, vocabulary=replace(vocabulary, facts={**vocabulary.facts, "spend": moved}))
    assert named(find_changes(side_of(book), side_of(after))) == {("eligibility", "fits"), ("offering", "plain")}
